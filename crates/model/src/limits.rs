//! How much of anything a file may hold.
//!
//! Each limit is far above what exporters write and low enough that reaching it costs little:
//! together they bound the memory of a parsed file to some hundred megabytes whatever its size.

use std::ops::Range;

use crate::{ModelError, fault::Fault};

/// The largest file but for weights in safetensors format: the most that a protobuf message can
/// measure.
pub(crate) const FILE_BYTES: u64 = (1 << 31) - 1;

/// The largest file that is read into memory that we own. Up to here a copy costs about a
/// millisecond, and a file that is cut short meanwhile is a short read instead of a fault.
pub(crate) const READ_BYTES: u64 = 16 << 20;

/// The longest name. Names are hashed, compared and printed, so they stay short.
pub(crate) const NAME_BYTES: usize = 64 << 10;

/// Nodes in the whole model, subgraphs and functions included. A node in memory is many times the
/// smallest node in a file; trees of any number are one node.
pub(crate) const NODES: usize = 100_000;

/// Attributes in the whole model, for the same reason.
pub(crate) const ATTRIBUTES: usize = 1 << 20;

/// Attributes of one node. They are looked up by walking them; the richest operator has twenty.
pub(crate) const NODE_ATTRIBUTES: usize = 128;

/// Inputs of one node, and outputs. A node that joins columns has one input per column.
pub(crate) const NODE_VALUES: usize = hotplate_tensor::Schema::MAX_COLUMNS;

/// Inputs and outputs of all nodes together. One that is left out takes two bytes of a file.
pub(crate) const VALUES: usize = 1 << 22;

/// Inputs of one graph, and outputs. A graph may have one input per column.
pub(crate) const GRAPH_VALUES: usize = hotplate_tensor::Schema::MAX_COLUMNS;

/// Constant tensors of the whole model.
pub(crate) const INITIALIZERS: usize = 1 << 16;

/// Axes of a tensor or of a declared shape: what our own tensors can have.
pub(crate) const RANK: usize = hotplate_tensor::MAX_RANK;

/// Elements of a row of one input, as far as the file fixes its dimensions. A minute of video has
/// fewer; a warm-up makes such a row of whatever the file says, and of 64-bit numbers this many are
/// two GiB.
pub(crate) const ROW_ELEMENTS: usize = 1 << 28;

/// Operator sets that a model imports: one per domain, and there are a handful of domains.
pub(crate) const OPSETS: usize = 256;

/// Entries of a model's metadata.
pub(crate) const METADATA: usize = 4096;

/// Graphs within graphs. Exporters nest three; readers recurse, and so would whoever runs them.
pub(crate) const DEPTH: usize = 8;

/// Types within types: a sequence of maps of tensors is two.
pub(crate) const TYPE_DEPTH: usize = 4;

/// Files beside a model's own that hold its tensors. Some exporters write one for each tensor.
pub(crate) const EXTERNAL_FILES: usize = 4096;

/// The bytes that are needed of all those files together. They are read into memory that we own.
pub(crate) const EXTERNAL_BYTES: u64 = 16 << 30;

/// Lines of keys in the head of a LightGBM file, or in one of its trees; there are some twenty.
pub(crate) const SECTION_LINES: usize = 64;

/// Features of a LightGBM file. One takes four bytes of a file and many more in memory.
pub(crate) const FEATURES: usize = 1 << 20;

/// The JSON of categories in a LightGBM file. A category takes two bytes of it and many more in
/// memory.
pub(crate) const PANDAS_BYTES: usize = 16 << 20;

/// The header of a safetensors file, and the index of several.
pub(crate) const HEADER_BYTES: usize = 10_000_000;

/// Tensors of a safetensors model. One takes some fifty bytes of a file and a few times that in
/// memory.
pub(crate) const TENSORS: usize = 100_000;

/// Files that an index of safetensors files names.
pub(crate) const SHARDS: usize = 1024;

/// The largest file of weights in safetensors format, which is mapped and never copied whole.
pub(crate) const WEIGHT_BYTES: u64 = 1 << 40;

/// A file beside the weights that describes them. One takes some thirty times its bytes in memory;
/// the longest parts are lists of classes.
pub(crate) const CONFIG_BYTES: u64 = 4 << 20;

/// The width of a layer of a network, or of an encoder.
pub(crate) const WIDTH: usize = 1 << 20;

/// The heads of an encoder's attention, each of which takes room of its own.
pub(crate) const HEADS: usize = 256;

/// How many times as wide as its states an encoder may be in between.
pub(crate) const WIDENING: usize = 64;

/// The tokens of a text, among which attention takes time by the square.
pub(crate) const TEXT_TOKENS: usize = 1 << 15;

/// Layers of a network, or of an encoder.
pub(crate) const LAYERS: usize = 4096;

/// Classes without names of their own, which a few bytes of a file can ask for.
pub(crate) const UNNAMED_CLASSES: usize = 1 << 16;

/// Tokens and positions that an encoder knows.
pub(crate) const TOKENS: usize = 1 << 26;

/// `tokenizer.json`, which has some seventy bytes for each token.
pub(crate) const TOKENIZER_BYTES: u64 = 128 << 20;

/// Maps of a sequence that a test expects. An empty one takes two bytes of a file.
#[cfg(any(test, feature = "fixtures"))]
pub(crate) const TEST_MAPS: usize = 1 << 20;

/// What may still be read of the things that are limited over a whole model.
#[derive(Debug)]
pub(crate) struct Allowance {
    nodes: usize,
    attributes: usize,
    values: usize,
    initializers: usize,
    depth: usize,
    /// Where the messages of tensors lie whose elements are in another file.
    pub(crate) external: Vec<Range<usize>>,
}

impl Allowance {
    pub(crate) const fn new() -> Self {
        Self {
            nodes: NODES,
            attributes: ATTRIBUTES,
            values: VALUES,
            initializers: INITIALIZERS,
            depth: DEPTH,
            external: Vec::new(),
        }
    }

    pub(crate) fn take_node(&mut self) -> Result<(), ModelError> {
        take(&mut self.nodes, "nodes", NODES)
    }

    pub(crate) fn take_attribute(&mut self) -> Result<(), ModelError> {
        take(&mut self.attributes, "attributes", ATTRIBUTES)
    }

    pub(crate) fn take_value(&mut self) -> Result<(), ModelError> {
        take(&mut self.values, "inputs and outputs of nodes", VALUES)
    }

    pub(crate) fn take_initializer(&mut self) -> Result<(), ModelError> {
        take(&mut self.initializers, "initializers", INITIALIZERS)
    }

    /// Runs `read` one graph further in.
    pub(crate) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ModelError>,
    ) -> Result<T, ModelError> {
        self.depth =
            self.depth.checked_sub(1).ok_or(Fault::TooDeep { what: "graphs", limit: DEPTH })?;
        let result = read(self);
        self.depth += 1;
        result
    }
}

/// Refuses one more of `what` when there are `limit` already.
pub(crate) fn room_for_one_more(
    len: usize,
    what: &'static str,
    limit: usize,
) -> Result<(), ModelError> {
    if len < limit { Ok(()) } else { Err(Fault::TooMany { what, limit }.into()) }
}

fn take(left: &mut usize, what: &'static str, limit: usize) -> Result<(), ModelError> {
    *left = left.checked_sub(1).ok_or(Fault::TooMany { what, limit })?;
    Ok(())
}
