//! The schema of the document that JSON and UBJSON both write.

use super::{
    CategoryNames, Tree,
    pull::{Pull, Scalar, TEXTS, value},
    raw::{RawModel, RawTree, set},
};
use crate::{ModelError, limits};

/// Reads a whole document.
pub(super) fn read<'a>(mut pull: impl Pull<'a>) -> Result<RawModel, ModelError> {
    let mut raw = RawModel::default();
    pull.object(|pull, key| match key {
        "learner" => learner(pull, &mut raw),
        "version" => set(&mut raw.version, pull.integers()?, "the version"),
        _ => pull.skip(),
    })?;
    pull.end()?;
    Ok(raw)
}

fn learner<'a>(pull: &mut impl Pull<'a>, raw: &mut RawModel) -> Result<(), ModelError> {
    pull.object(|pull, key| match key {
        "attributes" => attributes(pull, raw),
        "feature_names" => {
            set(&mut raw.feature_names, pull.names("names of features")?, "the feature names")
        }
        "feature_types" => {
            set(&mut raw.feature_types, pull.names("types of features")?, "the feature types")
        }
        "gradient_booster" => booster(pull, raw),
        "learner_model_param" => parameters(pull, raw),
        "objective" => pull.object(|pull, key| match key {
            "name" => set(&mut raw.objective, pull.name("the objective")?, "the objective"),
            _ => pull.skip(),
        }),
        _ => pull.skip(),
    })
}

fn attributes<'a>(pull: &mut impl Pull<'a>, raw: &mut RawModel) -> Result<(), ModelError> {
    pull.object(|pull, key| match key {
        "best_iteration" => {
            let iteration = pull.integer("the best iteration")?;
            set(&mut raw.best_iteration, iteration, "the best iteration")
        }
        "best_ntree_limit" => {
            let limit = pull.integer("the best limit of trees")?;
            set(&mut raw.best_ntree_limit, limit, "the best limit of trees")
        }
        _ => pull.skip(),
    })
}

fn parameters<'a>(pull: &mut impl Pull<'a>, raw: &mut RawModel) -> Result<(), ModelError> {
    pull.object(|pull, key| match key {
        "base_score" => set(&mut raw.base_score, base_score(pull)?, "the base score"),
        "num_feature" => {
            let features = pull.integer("the number of features")?;
            set(&mut raw.num_feature, features, "the number of features")
        }
        "num_class" => {
            let classes = pull.integer("the number of classes")?;
            set(&mut raw.num_class, classes, "the number of classes")
        }
        "num_target" => {
            let targets = pull.integer("the number of targets")?;
            set(&mut raw.num_target, targets, "the number of targets")
        }
        _ => pull.skip(),
    })
}

/// A number, a text that holds one or a list of them in brackets, or a list.
fn base_score<'a>(pull: &mut impl Pull<'a>) -> Result<Vec<f32>, ModelError> {
    if pull.is_array() {
        return pull.floats();
    }
    let offset = pull.offset();
    match pull.scalar()? {
        Scalar::Float(float) => Ok(vec![float]),
        #[expect(clippy::cast_precision_loss, reason = "a base score is float32")]
        Scalar::Integer(integer) => Ok(vec![integer as f32]),
        Scalar::Text(text) => {
            let list = text.trim();
            let list =
                list.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(list);
            let numbers = list.split(',').map(|number| number.trim().parse());
            numbers.collect::<Result<_, _>>().map_err(|_| value("the base score", &text, offset))
        }
    }
}

/// A booster of trees. DART wraps one, beside which it keeps the weights of the trees.
fn booster<'a>(pull: &mut impl Pull<'a>, raw: &mut RawModel) -> Result<(), ModelError> {
    pull.object(|pull, key| match key {
        "name" => set(&mut raw.booster, pull.name("the booster")?, "the booster"),
        "model" => forest(pull, raw),
        "gbtree" => pull.object(|pull, key| match key {
            "model" => forest(pull, raw),
            _ => pull.skip(),
        }),
        "weight_drop" => weight_drop(pull, raw),
        _ => pull.skip(),
    })
}

fn weight_drop<'a>(pull: &mut impl Pull<'a>, raw: &mut RawModel) -> Result<(), ModelError> {
    set(&mut raw.weight_drop, pull.floats()?, "the weights of the trees")
}

fn forest<'a>(pull: &mut impl Pull<'a>, raw: &mut RawModel) -> Result<(), ModelError> {
    pull.object(|pull, key| match key {
        "gbtree_model_param" => pull.object(|pull, key| match key {
            "num_trees" => {
                let trees = pull.integer("the number of trees")?;
                set(&mut raw.num_trees, trees, "the number of trees")
            }
            "num_parallel_tree" => {
                let parallel = pull.integer("the number of parallel trees")?;
                set(&mut raw.num_parallel_tree, parallel, "the number of parallel trees")
            }
            _ => pull.skip(),
        }),
        "trees" => {
            let mut trees = Vec::new();
            pull.array(|pull| {
                let offset = pull.offset();
                let raw_tree = tree(pull)?;
                let built = Tree::build(raw_tree, trees.len());
                trees.push(built.map_err(|fault| ModelError::from(fault).at(offset))?);
                Ok(())
            })?;
            set(&mut raw.trees, trees, "the list of trees")
        }
        "tree_info" => set(&mut raw.tree_info, pull.integers()?, "the groups of the trees"),
        "iteration_indptr" => {
            set(&mut raw.iteration_indptr, pull.integers()?, "the bounds of the rounds")
        }
        "weight_drop" => weight_drop(pull, raw),
        "cats" => pull.object(|pull, key| match key {
            "enc" => {
                let (mut categories, mut names) = (Vec::new(), 0_usize);
                pull.array(|pull| {
                    limits::room_for_one_more(categories.len(), "columns", TEXTS)?;
                    let of_column = category_names(pull)?;
                    names = names.saturating_add(of_column.as_ref().map_or(0, CategoryNames::len));
                    limits::room_for_one_more(names, "categories", TEXTS)?;
                    categories.push(of_column);
                    Ok(())
                })?;
                set(&mut raw.categories, categories, "the categories")
            }
            _ => pull.skip(),
        }),
        _ => pull.skip(),
    })
}

fn tree<'a>(pull: &mut impl Pull<'a>) -> Result<RawTree, ModelError> {
    let mut tree = RawTree::default();
    pull.object(|pull, key| {
        match key {
            "id" => tree.id = Some(pull.integer("the id of a tree")?),
            "left_children" => tree.left_children = pull.integers()?,
            "right_children" => tree.right_children = pull.integers()?,
            "split_indices" => tree.split_indices = pull.integers()?,
            "split_conditions" => tree.split_conditions = pull.floats()?,
            "default_left" => tree.default_left = pull.integers()?,
            "sum_hessian" => tree.sum_hessian = pull.floats()?,
            "base_weights" => tree.base_weights = pull.floats()?,
            "leaf_weights" => tree.leaf_weights = Some(pull.floats()?),
            "split_type" => tree.split_type = pull.integers()?,
            "categories" => tree.categories = pull.integers()?,
            "categories_nodes" => tree.categories_nodes = pull.integers()?,
            "categories_segments" => tree.categories_segments = pull.integers()?,
            "categories_sizes" => tree.categories_sizes = pull.integers()?,
            "tree_param" => {
                return pull.object(|pull, key| {
                    match key {
                        "num_nodes" => tree.num_nodes = Some(pull.integer("a number of nodes")?),
                        "num_deleted" => {
                            tree.num_deleted = Some(pull.integer("a number of deleted nodes")?);
                        }
                        "size_leaf_vector" => {
                            tree.size_leaf_vector = Some(pull.integer("the width of a leaf")?);
                        }
                        _ => return pull.skip(),
                    }
                    Ok(())
                });
            }
            _ => return pull.skip(),
        }
        Ok(())
    })?;
    Ok(tree)
}

/// The categories of one column: texts are the bytes of all and where each begins, numbers are a
/// list, and a column without categories has an empty text.
fn category_names<'a>(pull: &mut impl Pull<'a>) -> Result<Option<CategoryNames>, ModelError> {
    let (mut offsets, mut values) = (None::<Vec<i64>>, Vec::<i64>::new());
    let start = pull.offset();
    pull.object(|pull, key| match key {
        "offsets" => set(&mut offsets, pull.integers()?, "the offsets of categories"),
        "values" => {
            values = pull.integers()?;
            Ok(())
        }
        _ => pull.skip(),
    })?;
    match offsets {
        Some(offsets) => {
            CategoryNames::of_texts(&offsets, &values).map_err(|error| error.at(start))
        }
        None => Ok(Some(CategoryNames::Integers(values))),
    }
}
