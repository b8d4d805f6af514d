use std::fmt;

use super::{
    CategoryNames, Encoding, Objective, Tree, XgBoostFault, binary, document, fault::TreeFault,
    raw::RawModel, ubjson::Ubjson,
};
use crate::{ModelError, fault::Fault, json::Json, limits};

/// The contents of a model file of XGBoost, checked: its trees and what their answers are made
/// into. [The module](super) says what a model computes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct XgBoostModel {
    /// The release that wrote the file: major and minor; zeros before 1.0.
    pub release: (u32, u32),
    /// What the model was trained for.
    pub objective: Objective,
    /// How the trees were boosted.
    pub booster: Booster,
    /// The width of a row.
    pub num_feature: usize,
    /// The classes that are told apart; 0 unless the objective is a multi-class one.
    pub num_class: usize,
    /// The targets, or quantiles; at least 1.
    pub num_target: usize,
    /// The base score as the file has it: one, or one per output group. A probability for logistic
    /// objectives, a count for those that answer with `exp`; files before 1.0 hold the margin.
    pub base_score: Vec<f32>,
    /// The margin that each output group starts with, as the release that wrote the file makes it
    /// of the base score. All are finite.
    pub base_margins: Vec<f32>,
    /// The trees, in the order in which they are added up.
    pub trees: Vec<Tree>,
    /// Where each round's trees begin, and where the last one's end; empty where that is unknown.
    pub rounds: Vec<usize>,
    /// The trees of one round and output group; `None` where the file does not say (up to 1.5).
    pub num_parallel_tree: Option<usize>,
    /// The best round of a training that was stopped early, counted from 0.
    pub best_iteration: Option<usize>,
    /// How many of the trees, from the first, [`used_trees`](Self::used_trees) gives.
    pub(super) used: usize,
    /// The columns by name; empty where the file names none.
    pub feature_names: Vec<String>,
    /// The columns' types as XGBoost spells them (`c` is a categorical one); empty where the file
    /// has none.
    pub feature_types: Vec<String>,
    /// The categories of each column of the data frame that the model was trained on, `None` for a
    /// column of numbers; empty where the file has none.
    pub categories: Vec<Option<CategoryNames>>,
}

/// How trees were boosted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Booster {
    /// Each tree counts in full.
    GbTree,
    /// Each tree counts by a weight of its own.
    Dart,
}

impl fmt::Display for Booster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GbTree => "gbtree",
            Self::Dart => "dart",
        })
    }
}

impl XgBoostModel {
    /// Reads and checks a whole file.
    pub(crate) fn parse(bytes: &[u8], encoding: Encoding) -> Result<Self, ModelError> {
        let raw = match encoding {
            Encoding::Json => document::read(Json::new(bytes))?,
            Encoding::Ubjson => document::read(Ubjson::new(bytes))?,
            Encoding::Binary => binary::read(bytes)?,
        };
        Self::check(raw)
    }

    /// The number of margins of a row.
    pub const fn groups(&self) -> usize {
        self.base_margins.len()
    }

    /// The trees that a prediction adds up by default: those of the rounds up to the best one where
    /// training was stopped early, else all of [`trees`](Self::trees).
    ///
    /// This is what XGBoost's estimators (`XGBClassifier.predict` and the others) do, and what
    /// SageMaker's container does. `Booster.predict` adds up all trees unless it is given an
    /// `iteration_range`. Files that do not say how many trees a round has (up to 1.5) are cut by
    /// their attribute `best_ntree_limit` (from 1.4), and without one not at all.
    pub fn used_trees(&self) -> &[Tree] {
        &self.trees[..self.used]
    }

    fn check(raw: RawModel) -> Result<Self, ModelError> {
        let booster = check_booster(&raw)?;
        let name = raw.objective.as_deref().ok_or(Fault::Absent { what: "the objective" })?;
        let objective = Objective::named(name)
            .ok_or_else(|| XgBoostFault::Objective { name: shortened(name) })?;
        let release = match raw.version.as_deref() {
            Some(&[major, minor, ..]) => (major, minor),
            _ => return Err(Fault::Absent { what: "the version" }.into()),
        };
        let num_feature = bounded("the number of features", raw.num_feature, limits::ROW_ELEMENTS)?;
        let num_class = bounded("the number of classes", raw.num_class.or(Some(0)), GROUPS)?;
        let num_target =
            bounded("the number of targets", raw.num_target.or(Some(1)), GROUPS)?.max(1);
        let groups = num_class.max(num_target);
        let base_score = raw.base_score.ok_or(Fault::Absent { what: "the base score" })?;
        let margin = |score| {
            if raw.base_score_is_margin { score } else { objective.margin(score, release) }
        };
        let base_margins = base_margins(&base_score, margin, groups)?;

        let mut trees = raw.trees.ok_or(Fault::Absent { what: "the list of trees" })?;
        check_count("trees", raw.num_trees, trees.len())?;
        // Every group has a tree a round, or a value in each leaf: what is declared is there.
        let most = trees.iter().map(Tree::leaf_width).sum::<usize>().max(GROUPS_WITHOUT_TREES);
        if groups > most {
            let what = "output groups for these trees";
            return Err(Fault::TooMany { what, limit: most }.into());
        }
        let tree_info = raw.tree_info.ok_or(Fault::Absent { what: "the list of groups" })?;
        same_count("groups of trees", trees.len(), tree_info.len())?;
        let weights = raw.weight_drop.unwrap_or_default();
        if booster == Booster::Dart || !weights.is_empty() {
            same_count("weights of trees", trees.len(), weights.len())?;
        }
        let booster = if weights.is_empty() { booster } else { Booster::Dart };
        for (index, tree) in trees.iter_mut().enumerate() {
            let group = tree_info[index];
            check_tree(tree, group, num_feature, groups).map_err(|fault| match fault {
                Either::Tree(fault) => fault.of(index),
                Either::Model(fault) => fault,
            })?;
            let group = usize::try_from(group).unwrap_or_default();
            tree.place(group, weights.get(index).copied().unwrap_or(1.0));
        }

        let num_parallel_tree = raw.num_parallel_tree.and_then(|trees| usize::try_from(trees).ok());
        let rounds = match raw.iteration_indptr {
            Some(bounds) => check_rounds(&bounds, trees.len())?,
            None => rounds_of(trees.len(), num_parallel_tree, &tree_info),
        };
        let best_iteration = raw.best_iteration.and_then(|round| usize::try_from(round).ok());
        let best_round =
            best_iteration.and_then(|round| rounds.get(round.checked_add(1)?).copied());
        let limit = raw.best_ntree_limit.and_then(|limit| usize::try_from(limit).ok());
        let limit = limit.map(|limit| limit.saturating_mul(groups).min(trees.len()));
        let used = best_round.or(limit.filter(|&limit| limit > 0)).unwrap_or(trees.len());

        let feature_names = raw.feature_names.unwrap_or_default();
        let feature_types = raw.feature_types.unwrap_or_default();
        let categories = raw.categories.unwrap_or_default();
        for (what, count) in [
            ("names of features", feature_names.len()),
            ("types of features", feature_types.len()),
            ("columns of categories", categories.len()),
        ] {
            if count > 0 {
                same_count(what, num_feature, count)?;
            }
        }
        Ok(Self {
            release,
            objective,
            booster,
            num_feature,
            num_class,
            num_target,
            base_score,
            base_margins,
            trees,
            rounds,
            num_parallel_tree,
            best_iteration,
            used,
            feature_names,
            feature_types,
            categories,
        })
    }
}

/// The most output groups: far more than anyone trains, and little to allocate.
const GROUPS: usize = 1 << 20;

/// The most output groups of a model that has trees for fewer.
const GROUPS_WITHOUT_TREES: usize = 1024;

/// The most of a text that is quoted in a refusal.
const QUOTED: usize = 60;

fn shortened(text: &str) -> String {
    text.chars().take(QUOTED).collect()
}

fn check_booster(raw: &RawModel) -> Result<Booster, ModelError> {
    match raw.booster.as_deref() {
        Some("gbtree") => Ok(Booster::GbTree),
        Some("dart") => Ok(Booster::Dart),
        Some(name) => Err(XgBoostFault::Booster { name: shortened(name) }.into()),
        None => Err(Fault::Absent { what: "the booster" }.into()),
    }
}

fn bounded(what: &'static str, number: Option<i64>, most: usize) -> Result<usize, ModelError> {
    let number = number.ok_or(Fault::Absent { what })?;
    match usize::try_from(number) {
        Ok(number) if number <= most => Ok(number),
        Ok(_) => Err(Fault::TooMany { what, limit: most }.into()),
        Err(_) => Err(XgBoostFault::Value { what, got: number.to_string() }.into()),
    }
}

fn same_count(what: &'static str, expected: usize, got: usize) -> Result<(), XgBoostFault> {
    if got == expected { Ok(()) } else { Err(XgBoostFault::Count { what, expected, got }) }
}

/// Checks a count that the file states beside the list.
fn check_count(what: &'static str, stated: Option<i64>, got: usize) -> Result<(), XgBoostFault> {
    match stated {
        Some(stated) => same_count(what, usize::try_from(stated).unwrap_or(usize::MAX), got),
        None => Ok(()),
    }
}

fn base_margins(
    base_score: &[f32],
    margin: impl Fn(f32) -> f32,
    groups: usize,
) -> Result<Vec<f32>, ModelError> {
    let margins = match base_score {
        &[score] => vec![margin(score); groups],
        scores => {
            same_count("base scores", groups, scores.len())?;
            scores.iter().map(|&score| margin(score)).collect()
        }
    };
    if margins.iter().all(|margin| margin.is_finite()) {
        Ok(margins)
    } else {
        let got = format!("{base_score:?}, whose margin is not finite");
        Err(XgBoostFault::Value { what: "the base score", got: shortened(&got) }.into())
    }
}

enum Either {
    Tree(TreeFault),
    Model(XgBoostFault),
}

fn check_tree(tree: &Tree, group: i32, features: usize, groups: usize) -> Result<(), Either> {
    if let Some(feature) = tree.greatest_feature()
        && feature as usize >= features
    {
        return Err(Either::Tree(TreeFault::Feature { feature, features }));
    }
    match tree.leaf_width() {
        1 => {}
        width if width == groups => {}
        width => return Err(Either::Model(XgBoostFault::VectorLeaves { width, groups })),
    }
    match usize::try_from(group) {
        Ok(index) if index < groups => Ok(()),
        _ => Err(Either::Tree(TreeFault::Group { group, groups })),
    }
}

/// The bounds of rounds as a file has them: from 0, ascending, to the number of trees.
fn check_rounds(bounds: &[i64], trees: usize) -> Result<Vec<usize>, ModelError> {
    let what = "the bounds of the rounds";
    let ends = bounds.first() == Some(&0)
        && bounds.last().copied().map(usize::try_from) == Some(Ok(trees));
    if !ends || !bounds.is_sorted() {
        let got = format!("not an ascent from 0 to {trees}");
        return Err(XgBoostFault::Value { what, got }.into());
    }
    Ok(bounds.iter().filter_map(|&bound| usize::try_from(bound).ok()).collect())
}

/// The bounds of rounds of equal size, where the file says how many parallel trees there are.
fn rounds_of(trees: usize, parallel: Option<usize>, tree_info: &[i32]) -> Vec<usize> {
    let greatest = tree_info.iter().max().and_then(|&group| usize::try_from(group).ok());
    let of_round =
        greatest.zip(parallel).map(|(group, parallel)| (group + 1).saturating_mul(parallel));
    match of_round {
        Some(of_round) if of_round > 0 && trees.is_multiple_of(of_round) => {
            (0..=trees).step_by(of_round).collect()
        }
        _ => Vec::new(),
    }
}
