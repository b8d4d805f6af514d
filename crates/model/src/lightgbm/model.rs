use super::{
    Categories, Objective, Tree,
    categories::Sources,
    fault::{Problem, Wrong},
    text::{Line, Lines, Section, shown},
};
use crate::{ModelError, limits};

/// The contents of a LightGBM file. What it computes is described [above](super).
#[derive(Clone, Debug)]
pub struct LightGbmModel {
    objective: Objective,
    scores: usize,
    average_output: bool,
    features: Vec<Feature>,
    trees: Vec<Tree>,
}

/// A column of the data that a model was trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// Its name: `Column_0` and so on where the trainer gave none.
    pub name: String,
    /// What its values stand for, where it had categories of pandas.
    pub categories: Option<Categories>,
}

/// The line that a file starts with.
const FIRST_LINE: &str = "tree";

/// Whether the first lines are those of a LightGBM file.
pub(crate) fn starts_like_a_model(bytes: &[u8]) -> bool {
    bytes.starts_with(b"tree\nversion=") || bytes.starts_with(b"tree\r\nversion=")
}

impl LightGbmModel {
    /// Reads a whole file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ModelError> {
        let text =
            std::str::from_utf8(bytes).map_err(|error| Problem::NotUtf8.at(error.valid_up_to()))?;
        let mut lines = Lines::of(text);
        let head = lines.section("its head")?;
        let names = read_head(&head)?;
        let scores = read_scores(&head)?;
        let objective = Objective::read(head.find("objective"), scores)?;
        let trees = read_trees(&mut lines, names.len())?;
        check_trees(&head, trees.len(), scores)?;
        let tail = Tail::read(lines)?;
        let sources = Sources { head: &head, parameter: tail.categorical, pandas: tail.pandas };
        let categories = sources.categories(&names)?;
        let features = names
            .into_iter()
            .zip(categories)
            .map(|(name, categories)| Feature { name: name.to_owned(), categories })
            .collect();
        let average_output = head.find("average_output").is_some();
        Ok(Self { objective, scores, average_output, features, trees })
    }

    /// What the model was trained for.
    pub const fn objective(&self) -> Objective {
        self.objective
    }

    /// The raw scores of a row, which is the number of trees in an iteration
    /// (`num_tree_per_iteration`): one for each class where there are more than two, as many as
    /// the trainer wanted with an objective of their own, else one.
    pub const fn scores(&self) -> usize {
        self.scores
    }

    /// The classes, which are called 0, 1 and so on, if classes are what the model tells apart.
    pub const fn classes(&self) -> Option<usize> {
        self.objective.classes(self.scores)
    }

    /// Whether raw scores are divided by the number of iterations: a random forest.
    pub const fn average_output(&self) -> bool {
        self.average_output
    }

    /// The number of iterations, at least one: trees divided by [`scores`](Self::scores).
    pub const fn iterations(&self) -> usize {
        self.trees.len() / self.scores
    }

    /// What a row consists of, in order.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The trees, in the order in which they are summed. There are as many for each score.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }
}

/// Checks the version and reads the features' names.
fn read_head<'a>(head: &Section<'a>) -> Result<Vec<&'a str>, Wrong> {
    head.get(FIRST_LINE)?;
    let version = head.get("version")?;
    if !matches!(version.text, "v2" | "v3" | "v4") {
        return Err(Problem::Version { got: shown(version.text) }.at(version.offset));
    }
    let features = head.get("max_feature_idx")?.integer::<u32>()? as usize + 1;
    let names = head.get("feature_names")?;
    if features > limits::FEATURES {
        return Err(Problem::TooManyFeatures { limit: limits::FEATURES }.at(names.offset));
    }
    let got = names.words().count();
    if got != features {
        return Err(names.count(features, got));
    }
    Ok(names.words().collect())
}

fn read_scores(head: &Section<'_>) -> Result<usize, Wrong> {
    let num_class = head.get("num_class")?;
    let classes = num_class.integer::<u32>()? as usize;
    if classes == 0 {
        return Err(Problem::Zero { key: "num_class" }.at(num_class.offset));
    }
    let Some(per_iteration) = head.find("num_tree_per_iteration") else { return Ok(classes) };
    let scores = per_iteration.integer::<u32>()? as usize;
    if scores == classes {
        Ok(scores)
    } else {
        Err(Problem::Classes { classes, scores }.at(per_iteration.offset))
    }
}

fn read_trees(lines: &mut Lines<'_>, features: usize) -> Result<Vec<Tree>, ModelError> {
    let mut trees = Vec::new();
    while lines.peek().is_some_and(|line| line.text.starts_with("Tree=")) {
        let index = trees.len();
        let tree = lines.section("a tree").and_then(|section| Tree::read(&section, features));
        trees.push(tree.map_err(|wrong| wrong.in_tree(index))?);
    }
    Ok(trees)
}

fn check_trees(head: &Section<'_>, trees: usize, scores: usize) -> Result<(), Wrong> {
    if let Some(sizes) = head.find("tree_sizes") {
        let expected = sizes.words().count();
        if expected != trees {
            return Err(Problem::FewerTrees { expected, got: trees }.at(sizes.offset));
        }
    }
    if trees == 0 {
        return Err(Problem::NoTrees.at(head.offset()));
    }
    if !trees.is_multiple_of(scores) {
        return Err(Problem::PartOfAnIteration { trees, scores }.at(head.offset()));
    }
    Ok(())
}

/// What follows the trees, as far as it is read.
#[derive(Debug, Default)]
struct Tail<'a> {
    categorical: Option<&'a str>,
    pandas: Option<Line<'a>>,
}

impl<'a> Tail<'a> {
    fn read(mut lines: Lines<'a>) -> Result<Self, Wrong> {
        const PANDAS: &str = "pandas_categorical:";
        let mut tail = Self::default();
        let mut in_parameters = false;
        for line in lines.by_ref() {
            match line.text {
                "parameters:" => in_parameters = true,
                "end of parameters" => in_parameters = false,
                text if in_parameters => {
                    if let Some(value) = text.strip_prefix("[categorical_feature:") {
                        tail.categorical = value.strip_suffix(']');
                    }
                }
                text => {
                    if let Some(json) = text.strip_prefix(PANDAS) {
                        let offset = line.offset + PANDAS.len();
                        // The last one counts: a file that is saved anew may keep an older one.
                        tail.pandas = Some(Line { text: json, offset });
                    }
                }
            }
        }
        if in_parameters {
            return Err(Problem::CutShort { within: "its parameters" }.at(lines.offset()));
        }
        Ok(tail)
    }
}
