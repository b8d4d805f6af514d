//! ZipMap: the node that exporters of scikit-learn put behind a classifier's scores.
//!
//! It makes a list of maps, one per row, of class to score. That is the matrix of scores once more
//! with the names of its columns, so a model is described, and can be run, without it.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use hotplate_tensor::DType;

use crate::{
    Labels, ModelError,
    labels::ML_DOMAIN,
    onnx::{Graph, Node, OnnxModel, ValueInfo, ValueType, splice},
};

/// The outputs of a graph that a ZipMap makes.
#[derive(Debug, Default)]
pub(crate) struct ZipMaps<'a> {
    classes: HashMap<&'a str, Labels>,
    /// Where the messages of their nodes lie in the file.
    nodes: HashSet<usize>,
}

impl<'a> ZipMaps<'a> {
    pub(crate) fn of(graph: &Graph<'a>) -> Result<Self, ModelError> {
        let mut zipmaps = Self::default();
        let nodes: HashMap<&str, &Node<'a>> = graph.nodes.iter().filter_map(only_output).collect();
        for output in &graph.outputs {
            if let Some(&node) = nodes.get(output.name)
                && let Some(key) = key_of(output)
                && let Some(labels) = Labels::of_node(node)?
                && labels.dtype() == key
                && !labels.is_empty()
            {
                zipmaps.classes.insert(output.name, labels);
                zipmaps.nodes.insert(node.offset());
            }
        }
        Ok(zipmaps)
    }

    /// The classes of the output called so, in the order of the columns, if a ZipMap makes it.
    pub(crate) fn classes(&self, output: &str) -> Option<&Labels> {
        self.classes.get(output)
    }

    /// The bytes of the model with each of them as an Identity of the scores.
    pub(crate) fn remove_from<'b>(
        &self,
        model: &OnnxModel<'_>,
        bytes: &'b [u8],
    ) -> Result<Cow<'b, [u8]>, ModelError> {
        if self.nodes.is_empty() {
            return Ok(Cow::Borrowed(bytes));
        }
        let widths = self.classes.iter().map(|(&name, classes)| (name, classes.len())).collect();
        let mut bytes = splice::scores_for_maps(bytes, &self.nodes, &widths)?;
        if model.opset("").is_none() {
            splice::import_main_operators(&mut bytes);
        }
        Ok(Cow::Owned(bytes))
    }
}

/// A ZipMap by the name of what it makes.
fn only_output<'n, 'a>(node: &'n Node<'a>) -> Option<(&'a str, &'n Node<'a>)> {
    let is_zipmap = (node.domain, node.op_type) == (ML_DOMAIN, "ZipMap");
    match (&node.inputs[..], &node.outputs[..]) {
        (&[_], &[output]) if is_zipmap => Some((output, node)),
        _ => None,
    }
}

/// The type of the keys of an output that is a list of maps to float32.
fn key_of(output: &ValueInfo<'_>) -> Option<DType> {
    let ValueType::Sequence(maps) = &output.ty else { return None };
    let ValueType::Map { key, value } = &**maps else { return None };
    let ValueType::Tensor { element, .. } = &**value else { return None };
    (element.dtype() == Some(DType::F32)).then_some((*key)?.dtype()).flatten()
}

#[cfg(test)]
mod tests;
