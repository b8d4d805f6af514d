use super::{RawTree, Slot, Split, Tree, TreeFault};

/// What XGBoost writes for the left child of a leaf.
const NONE: i32 = -1;

/// The feature of a deleted node.
const DELETED: u32 = i32::MAX as u32;

/// The first category that is no category: beyond it float32 does not tell integers apart.
const CATEGORIES: i32 = 1 << 24;

/// `split_type` of a split by category.
const CATEGORICAL: u8 = 1;

pub(super) fn build(raw: RawTree, index: usize) -> Result<Tree, TreeFault> {
    if let Some(id) = raw.id
        && usize::try_from(id) != Ok(index)
    {
        return Err(TreeFault::Id { id });
    }
    let nodes = check_lengths(&raw)?;
    let place_of = places(&raw, nodes)?;
    let leaves = Leaves::of(&raw, &place_of)?;
    let mut sets = Sets::of(&raw)?;
    let mut tree = Tree {
        slots: Vec::with_capacity(nodes),
        values: Vec::new(),
        leaf_width: leaves.width,
        categories: Vec::new(),
        cover: Vec::new(),
        group: 0,
        weight: 1.0,
    };
    for (node, place) in place_of.iter().enumerate() {
        // The sets lie in the order of the nodes, deleted ones and leaves among them.
        let set = sets.of_node(&raw, node)?;
        if place.is_none() {
            continue;
        }
        if let Some(&cover) = raw.sum_hessian.get(node) {
            tree.cover.push(cover);
        }
        let slot = if raw.left_children[node] == NONE {
            let first = narrow(tree.values.len());
            tree.values.extend_from_slice(leaves.of_node(&raw, node)?);
            Slot::Leaf { first }
        } else {
            let child = |child: i32| {
                let place = usize::try_from(child).ok().and_then(|child| place_of[child]);
                place.ok_or(TreeFault::Child { node, child })
            };
            let split = Split {
                feature: raw.split_indices[node],
                left: child(raw.left_children[node])?,
                right: child(raw.right_children[node])?,
                default_left: raw.default_left[node] != 0,
            };
            match set {
                Some(set) => {
                    let first = narrow(tree.categories.len());
                    let count = push_set(&mut tree.categories, set, node)?;
                    Slot::Categorical { split, first, count }
                }
                None => {
                    let threshold = raw.split_conditions[node];
                    if threshold.is_nan() {
                        return Err(TreeFault::NanThreshold { node });
                    }
                    Slot::Numerical { split, threshold }
                }
            }
        };
        tree.slots.push(slot);
    }
    sets.end(&raw)?;
    Ok(tree)
}

/// Checks that every list has an entry per node, and gives the number of nodes.
fn check_lengths(raw: &RawTree) -> Result<usize, TreeFault> {
    let nodes = raw.left_children.len();
    if nodes == 0 {
        return Err(TreeFault::NoNodes);
    }
    if let Some(num_nodes) = raw.num_nodes
        && i64::try_from(nodes) != Ok(num_nodes)
    {
        let expected = usize::try_from(num_nodes).unwrap_or(0);
        return Err(TreeFault::Count { what: "left children", expected, got: nodes });
    }
    // More nodes than a child can point at, and than 2 GiB can hold.
    if i32::try_from(nodes).is_err() {
        return Err(TreeFault::Count { what: "nodes", expected: i32::MAX as usize, got: nodes });
    }
    for (what, got) in [
        ("right children", raw.right_children.len()),
        ("features of splits", raw.split_indices.len()),
        ("conditions of splits", raw.split_conditions.len()),
        ("default directions", raw.default_left.len()),
    ] {
        TreeFault::unless_one_per_node(what, got, nodes)?;
    }
    if !raw.sum_hessian.is_empty() {
        TreeFault::unless_one_per_node("covers", raw.sum_hessian.len(), nodes)?;
    }
    if !raw.split_type.is_empty() {
        TreeFault::unless_one_per_node("types of splits", raw.split_type.len(), nodes)?;
    }
    Ok(nodes)
}

/// Where each node goes in the tree without deleted ones; `None` for a deleted one.
///
/// Every node that is not deleted is reached from the root in one way.
fn places(raw: &RawTree, nodes: usize) -> Result<Vec<Option<u32>>, TreeFault> {
    let mut reached = vec![false; nodes];
    reached[0] = true;
    let (mut count, mut waiting) = (1, vec![0]);
    while let Some(node) = waiting.pop() {
        if raw.left_children[node] == NONE {
            continue;
        }
        for child in [raw.left_children[node], raw.right_children[node]] {
            let at = usize::try_from(child).ok().filter(|&at| at < nodes);
            let at = at.ok_or(TreeFault::Child { node, child })?;
            if reached[at] {
                return Err(TreeFault::TwiceReached { node: at });
            }
            reached[at] = true;
            count += 1;
            waiting.push(at);
        }
    }
    let deleted = match raw.num_deleted {
        Some(deleted) => usize::try_from(deleted).unwrap_or(usize::MAX),
        // Older files do not say how many there are.
        None => raw.split_indices.iter().filter(|&&feature| feature == DELETED).count(),
    };
    if nodes.checked_sub(deleted) != Some(count) {
        return Err(TreeFault::Unreached { nodes, deleted, reached: count });
    }
    let mut next = 0;
    let place = reached.into_iter().map(|reached| {
        reached.then(|| {
            next += 1;
            next - 1
        })
    });
    Ok(place.collect())
}

/// The values of leaves, in each of the places where files keep them.
struct Leaves {
    width: usize,
}

impl Leaves {
    fn of(raw: &RawTree, place_of: &[Option<u32>]) -> Result<Self, TreeFault> {
        let width = raw.size_leaf_vector.unwrap_or(1);
        // 0 is what releases before leaves were vectors wrote.
        let width = usize::try_from(width).map_err(|_| TreeFault::Width { width })?.max(1);
        if width > 1
            && let Some(values) = &raw.leaf_weights
        {
            // As many as there are, so that leaves that share values cannot multiply them.
            let kept = place_of.iter().zip(&raw.left_children);
            let leaves = kept.filter(|(place, left)| place.is_some() && **left == NONE).count();
            let (expected, got) = (leaves.saturating_mul(width), values.len());
            if got != expected {
                return Err(TreeFault::Count { what: "values of leaves", expected, got });
            }
        }
        Ok(Self { width })
    }

    fn of_node<'r>(&self, raw: &'r RawTree, node: usize) -> Result<&'r [f32], TreeFault> {
        if self.width == 1 {
            return Ok(&raw.split_conditions[node..=node]);
        }
        let (values, index) = match &raw.leaf_weights {
            Some(values) => (values, raw.right_children[node]),
            None => (&raw.base_weights, i32::try_from(node).unwrap_or(NONE)),
        };
        usize::try_from(index)
            .ok()
            .and_then(|index| index.checked_mul(self.width))
            .and_then(|start| values.get(start..start.checked_add(self.width)?))
            .ok_or(TreeFault::Leaf { node, index })
    }
}

/// The sets of categories, taken node by node. They lie behind each other, so that no two share
/// members and together they are no longer than the file's list.
struct Sets {
    taken: usize,
    end: usize,
}

impl Sets {
    fn of(raw: &RawTree) -> Result<Self, TreeFault> {
        let expected = raw.categories_nodes.len();
        for (what, got) in [
            ("beginnings of sets", raw.categories_segments.len()),
            ("sizes of sets", raw.categories_sizes.len()),
        ] {
            if got != expected {
                return Err(TreeFault::Count { what, expected, got });
            }
        }
        Ok(Self { taken: 0, end: 0 })
    }

    /// The set of the node that follows the one asked about before, if it splits by category.
    fn of_node<'r>(
        &mut self,
        raw: &'r RawTree,
        node: usize,
    ) -> Result<Option<&'r [i32]>, TreeFault> {
        let split_type = raw.split_type.get(node).copied().unwrap_or(0);
        match split_type {
            0 => return Ok(None),
            CATEGORICAL => {}
            _ => return Err(TreeFault::SplitType { node }),
        }
        let at = self.taken;
        self.taken += 1;
        if raw.categories_nodes.get(at).copied().map(usize::try_from) != Some(Ok(node)) {
            return Err(TreeFault::CategoryNodes);
        }
        let start = usize::try_from(raw.categories_segments[at]).ok();
        let set = start.filter(|&start| start == self.end).and_then(|start| {
            let end = start.checked_add(usize::try_from(raw.categories_sizes[at]).ok()?)?;
            raw.categories.get(start..end)
        });
        match set {
            Some(set) if !set.is_empty() => {
                self.end += set.len();
                Ok(Some(set))
            }
            _ => Err(TreeFault::Categories { node }),
        }
    }

    fn end(self, raw: &RawTree) -> Result<(), TreeFault> {
        let all_taken = self.taken == raw.categories_nodes.len();
        if all_taken { Ok(()) } else { Err(TreeFault::CategoryNodes) }
    }
}

/// Adds a set to those of the tree, ascending, and gives the number of its members.
fn push_set(categories: &mut Vec<u32>, set: &[i32], node: usize) -> Result<u32, TreeFault> {
    let start = categories.len();
    for &category in set {
        match u32::try_from(category) {
            Ok(code) if category < CATEGORIES => categories.push(code),
            _ => return Err(TreeFault::Category { node, category }),
        }
    }
    categories[start..].sort_unstable();
    let mut last = None;
    let mut kept = start;
    for at in start..categories.len() {
        let code = categories[at];
        if last != Some(code) {
            categories[kept] = code;
            kept += 1;
        }
        last = Some(code);
    }
    categories.truncate(kept);
    Ok(narrow(kept - start))
}

/// An index into what a file holds in four bytes or, written as text, two.
fn narrow(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
