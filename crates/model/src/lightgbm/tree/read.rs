use super::{Missing, Sets, StoredNode, StoredSplit, Tree, shape};
use crate::lightgbm::{
    fault::{Problem, Wrong},
    text::{Section, Value},
};

/// The bit of a `decision_type` that says that a split is categorical.
const CATEGORICAL: i64 = 1;
/// The bit that says that missing values go left.
const DEFAULT_LEFT: i64 = 2;
/// Where the type of missing values is, in two bits: none, zero, NaN.
const MISSING_SHIFT: u32 = 2;

impl Tree {
    /// Reads a tree that splits some of so many features.
    pub(in crate::lightgbm) fn read(section: &Section<'_>, features: usize) -> Result<Self, Wrong> {
        if let Some(linear) = section.find("is_linear")
            && linear.integer::<i64>()? != 0
        {
            return Err(Problem::Linear.at(linear.offset));
        }
        let num_leaves = section.get("num_leaves")?;
        let leaves = num_leaves.integer::<u32>()? as usize;
        if leaves == 0 {
            return Err(Problem::Zero { key: "num_leaves" }.at(num_leaves.offset));
        }
        let leaf_values = section.get("leaf_value")?.numbers(leaves)?;
        let sets = Sets::read(section)?;
        let nodes = read_nodes(section, leaves - 1, features, &sets)?;
        Ok(Self {
            depth: shape::depth(&nodes).map_err(|problem| problem.at(section.offset()))?,
            node_counts: read_counts(section.find("internal_count"), leaves - 1)?,
            leaf_counts: read_counts(section.find("leaf_count"), leaves)?,
            shrinkage: section.find("shrinkage").map_or(Ok(1.0), Value::number)?,
            nodes,
            leaf_values,
            sets,
        })
    }
}

impl Sets {
    fn read(section: &Section<'_>) -> Result<Self, Wrong> {
        let sets = section.get("num_cat")?.integer::<u32>()? as usize;
        if sets == 0 {
            return Ok(Self::default());
        }
        let value = section.get("cat_boundaries")?;
        let boundaries: Vec<u32> = value.integers(sets + 1)?;
        let boundaries: Vec<usize> = boundaries.into_iter().map(|word| word as usize).collect();
        let words = boundaries.last().copied().unwrap_or(0);
        if boundaries.first() != Some(&0) || !boundaries.is_sorted() {
            return Err(Problem::Boundaries { words }.at(value.offset));
        }
        let words = section.get("cat_threshold")?.integers(words)?;
        Ok(Self { boundaries, words })
    }
}

fn read_nodes(
    section: &Section<'_>,
    count: usize,
    features: usize,
    sets: &Sets,
) -> Result<Vec<StoredNode>, Wrong> {
    if count == 0 {
        // What a single leaf has in these lists, no reader looks at.
        return Ok(Vec::new());
    }
    let split_features = section.get("split_feature")?;
    let thresholds = section.get("threshold")?;
    let decision_types = section.find("decision_type");
    let left = section.get("left_child")?;
    let right = section.get("right_child")?;
    let split_feature: Vec<u32> = split_features.integers(count)?;
    let threshold = thresholds.numbers(count)?;
    let decision_type: Vec<i64> = match decision_types {
        Some(value) => value.integers(count)?,
        None => vec![0; count],
    };
    let left_child: Vec<i32> = left.integers(count)?;
    let right_child: Vec<i32> = right.integers(count)?;

    let mut nodes = Vec::with_capacity(count);
    for node in 0..count {
        let feature = split_feature[node];
        if feature as usize >= features {
            let problem = Problem::Feature { node, got: feature, features };
            return Err(problem.at(split_features.offset));
        }
        for (key, value, child) in
            [("left_child", left, left_child[node]), ("right_child", right, right_child[node])]
        {
            // There is a leaf more than nodes, and a leaf is its index with all bits inverted.
            let index = if child < 0 { !child } else { child };
            let limit = if child < 0 { count + 1 } else { count };
            if usize::try_from(index).is_ok_and(|index| index >= limit) {
                return Err(Problem::Child { key, node, got: child }.at(value.offset));
            }
        }
        let split = read_split(node, threshold[node], decision_type[node], sets)
            .map_err(|problem| problem.at(thresholds.offset))?;
        let (left, right) = (left_child[node], right_child[node]);
        nodes.push(StoredNode { split, feature, left, right });
    }
    Ok(nodes)
}

fn read_split(
    node: usize,
    threshold: f64,
    decision_type: i64,
    sets: &Sets,
) -> Result<StoredSplit, Problem> {
    let missing = match decision_type >> MISSING_SHIFT {
        0 => Missing::None,
        1 => Missing::Zero,
        2 => Missing::Nan,
        _ => return Err(Problem::DecisionType { node, got: decision_type }),
    };
    if decision_type & CATEGORICAL != 0 {
        // The threshold is the index of the set.
        #[expect(clippy::cast_possible_truncation, reason = "what is cut off shows next")]
        let set = threshold as u32;
        if f64::from(set) != threshold || set as usize >= sets.len() {
            return Err(Problem::Set { node, got: threshold, sets: sets.len() });
        }
        return Ok(StoredSplit::Categorical { set });
    }
    if threshold.is_nan() {
        return Err(Problem::NanThreshold { node });
    }
    let default_left = decision_type & DEFAULT_LEFT != 0;
    Ok(StoredSplit::Numerical { threshold, default_left, missing })
}

/// A list that some writers leave out, or empty.
fn read_counts(value: Option<Value<'_>>, expected: usize) -> Result<Option<Vec<u32>>, Wrong> {
    match value {
        Some(value) if value.words().next().is_some() => value.integers(expected).map(Some),
        _ => Ok(None),
    }
}
