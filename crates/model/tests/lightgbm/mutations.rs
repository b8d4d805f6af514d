//! Copies of real files with bytes changed, cut out or repeated: read or refused, and never more.

use hotplate_model::{
    Model,
    lightgbm::{Child, LightGbmModel},
};
use proptest::prelude::*;

use crate::data;

/// A change of some bytes.
#[derive(Clone, Debug)]
enum Change {
    Byte { at: prop::sample::Index, byte: u8 },
    Remove { at: prop::sample::Index, bytes: usize },
    Repeat { at: prop::sample::Index, bytes: usize },
    Cut { at: prop::sample::Index },
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    // The bytes that mean something here, and any.
    let byte =
        prop_oneof![prop::sample::select(b"0123456789-.e=: \n\r[]\"".as_slice()), any::<u8>()];
    prop_oneof![
        6 => (at(), byte).prop_map(|(at, byte)| Change::Byte { at, byte }),
        2 => (at(), 1..40_usize).prop_map(|(at, bytes)| Change::Remove { at, bytes }),
        2 => (at(), 1..400_usize).prop_map(|(at, bytes)| Change::Repeat { at, bytes }),
        1 => at().prop_map(|at| Change::Cut { at }),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let reach = |at: usize, count: usize, len: usize| at..len.min(at + count);
    match change {
        Change::Byte { at, byte } => *at.get_mut(bytes) = *byte,
        Change::Remove { at, bytes: count } => {
            drop(bytes.drain(reach(at.index(bytes.len()), *count, bytes.len())));
        }
        Change::Repeat { at, bytes: count } => {
            let at = at.index(bytes.len());
            let again = bytes[reach(at, *count, bytes.len())].to_vec();
            bytes.splice(at..at, again);
        }
        Change::Cut { at } => bytes.truncate(at.index(bytes.len())),
    }
}

/// Checks what readers rely on.
fn check(model: &LightGbmModel) {
    assert!(model.iterations() >= 1);
    assert_eq!(model.trees().len(), model.iterations() * model.scores());
    for tree in model.trees() {
        assert_eq!(tree.leaf_values().len(), tree.len() + 1);
        assert!(tree.depth() <= tree.len());
        let mut reached = vec![tree.root()];
        for node in tree.nodes() {
            assert!(node.feature < model.features().len());
            let _ = format!("{:?}", node.split);
            reached.extend([node.left, node.right]);
        }
        reached.sort_by_key(|&child| match child {
            Child::Node(index) => (0, index),
            Child::Leaf(index) => (1, index),
        });
        let nodes = (0..tree.len()).map(Child::Node);
        let leaves = (0..=tree.len()).map(Child::Leaf);
        assert!(reached.into_iter().eq(nodes.chain(leaves)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn changed_copies_are_read_or_refused(
        name in prop::sample::select(data::models()),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let mut bytes = data::text(&name).into_bytes();
        changes.iter().for_each(|change| apply(&mut bytes, change));
        if let Ok(model) = Model::from_bytes(bytes) {
            let _ = model.signature(None);
            if let Ok(lightgbm) = model.lightgbm() {
                check(&lightgbm);
            }
        }
    }

    #[test]
    fn prefixes_of_trees_are_refused(
        name in prop::sample::select(data::models()),
        cut in any::<prop::sample::Index>(),
    ) {
        let text = data::text(&name);
        let trees = text.find("end of trees").unwrap_or_else(|| text.find("\n\nfeature imp").unwrap());
        // The last blank line that closes a tree may be cut off.
        let trees = text[..trees].trim_end().len();
        let mut bytes = text.into_bytes();
        bytes.truncate(cut.index(trees));
        prop_assert!(Model::from_bytes(bytes).is_err());
    }
}
