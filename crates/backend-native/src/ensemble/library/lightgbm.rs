//! LightGBM's trees, by the rules of the library's prediction of dense rows.
//!
//! Numbers are float64, and scores are added up in float64 in the order of the file, as the library
//! does it.

use std::convert::Infallible;

use hotplate_backend::BackendError;
use hotplate_model::{
    Signature,
    lightgbm::{Categories, CategorySet, Child, LightGbmModel, Missing, Split, Tree as FileTree},
};

use super::{
    LibraryFinish, LibraryModel, check_table, encoder, outputs, refusal, regions::Regions, small,
};
use crate::{
    ensemble::{Aggregate, Ensemble, weights::Weights},
    trees::{Leaf, Node, Tree},
};

/// How far from zero a value may be that the library takes for zero.
const ZERO: f64 = hotplate_model::lightgbm::ZERO_THRESHOLD;

/// Values from which on no value is a category: the library holds categories in 32 bits.
const NO_CATEGORY: f64 = 2_147_483_648.0;

/// Reads a model whose signature this is.
///
/// # Errors
///
/// When its rows are no table.
pub(crate) fn read(
    model: &LightGbmModel,
    signature: &Signature,
) -> Result<LibraryModel<f64>, BackendError> {
    let features = model.features();
    check_table(signature, features.len())?;
    let values: Vec<Values> =
        features.iter().map(|it| Values::of(it.categories.as_ref())).collect();
    let mut trees = Vec::with_capacity(model.trees().len());
    for tree in model.trees() {
        trees.push(grow(tree, &values));
    }
    let scores = model.scores();
    let score_of_tree = (0..trees.len()).map(|tree| small(tree % scores)).collect();
    let aggregate = if model.average_output() {
        Aggregate::Average(model.iterations())
    } else {
        Aggregate::Sum
    };
    let ensemble = Ensemble {
        trees,
        weights: Weights::ByTree { score_of_tree },
        start: vec![0.0; scores],
        aggregate,
    };
    let texts = features
        .iter()
        .map(|feature| match &feature.categories {
            Some(Categories::Text(texts)) => Some(&texts[..]),
            _ => None,
        })
        .collect();
    let encoder = encoder(signature, &texts)?;
    let (outputs, labels) = outputs(signature);
    let finish = LibraryFinish::lightgbm(model.objective().transform(), scores, labels);
    let finish = finish.ok_or_else(|| refusal(signature, "an objective of its own".to_owned()))?;
    Ok(LibraryModel { ensemble, finish, encoder, outputs })
}

fn grow(tree: &FileTree, values: &[Values]) -> Tree<f64> {
    let branches = tree.len();
    let id = |child: Child| match child {
        Child::Node(node) => small(node),
        Child::Leaf(leaf) => small(branches + leaf),
    };
    let counts = tree.node_counts().zip(tree.leaf_counts());
    let mut covers = Vec::new();
    let read = |at: u32, pool: &mut Vec<f64>| {
        let at = at as usize;
        if let Some((of_nodes, of_leaves)) = counts {
            let count = of_nodes.get(at).or_else(|| of_leaves.get(at - branches));
            #[expect(clippy::cast_precision_loss, reason = "shares are what counts")]
            covers.push(count.map_or(0.0, |&count| count as f32));
        }
        let Some(leaf) = at.checked_sub(branches) else {
            let node = tree.node(at);
            let regions = match node.split {
                Split::Numerical { threshold, default_left, missing } => {
                    values[node.feature].of_numbers(threshold, default_left, missing)
                }
                Split::Categorical { set } => values[node.feature].of_set(set),
            };
            return regions.branch(small(node.feature), id(node.left), id(node.right), pool);
        };
        Ok(Node::Leaf(Leaf { value: tree.leaf_values()[leaf], id: small(leaf) }))
    };
    let grown: Result<_, Infallible> = Tree::grow(id(tree.root()), usize::MAX, read);
    let Ok(grown) = grown;
    let grown = grown.unwrap_or_else(|| unreachable!("the reader bounds the nodes of a tree"));
    if counts.is_some() { grown.with_covers(covers) } else { grown }
}

/// What the values of a feature are to the trees.
enum Values {
    /// Numbers, or codes of categories: what they are.
    AsTheyAre,
    /// One of these numbers: its place among them; missing where it is none.
    Places(Vec<f64>),
}

impl Values {
    fn of(categories: Option<&Categories>) -> Self {
        match categories {
            // Of a text the place comes in.
            None | Some(Categories::Text(_)) => Self::AsTheyAre,
            Some(Categories::Numbers(numbers)) => Self::Places(numbers.clone()),
            Some(Categories::Booleans(booleans)) => {
                Self::Places(booleans.iter().map(|&truth| f64::from(u8::from(truth))).collect())
            }
        }
    }

    /// Where values go at a branch by a number: whether it is the left.
    fn of_numbers(&self, threshold: f64, default_left: bool, missing: Missing) -> Regions<f64> {
        let rule = |x: f64| {
            let zero_for_near = if x.abs() <= ZERO { 0.0 } else { x };
            let is_missing = match missing {
                Missing::None => false,
                Missing::Zero => zero_for_near == 0.0 || x.is_nan(),
                Missing::Nan => x.is_nan(),
            };
            if is_missing {
                return default_left;
            }
            let x = if x.is_nan() { 0.0 } else { zero_for_near };
            x <= threshold
        };
        self.regions(vec![threshold, (-ZERO).next_down(), ZERO], rule)
    }

    /// Where values go at a branch by a set: whether they are a member.
    fn of_set(&self, set: CategorySet<'_>) -> Regions<f64> {
        let rule = |x: f64| {
            // What is cut off leads to zero from either side.
            let category = x.trunc();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is whole and within 31 bits"
            )]
            let is_member = (0.0..NO_CATEGORY).contains(&category) && set.contains(category as u32);
            is_member
        };
        let mut changes = Vec::new();
        for member in set.iter().map(f64::from) {
            changes.push(if member == 0.0 { -1.0 } else { member.next_down() });
            changes.push((member + 1.0).next_down());
        }
        self.regions(changes, rule)
    }

    fn regions(&self, changes: Vec<f64>, rule: impl Fn(f64) -> bool) -> Regions<f64> {
        match self {
            Self::AsTheyAre => Regions::of(changes, rule),
            Self::Places(numbers) => {
                let changes = numbers.iter().flat_map(|&number| [number.next_down(), number]);
                Regions::of(changes.collect(), |x| {
                    let place = numbers.iter().position(|&number| number == x);
                    #[expect(clippy::cast_precision_loss, reason = "places are few")]
                    let place = place.map_or(f64::NAN, |place| place as f64);
                    rule(place)
                })
            }
        }
    }
}
