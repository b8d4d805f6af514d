use hotplate_tensor::DType;

use crate::{
    ModelError, OutputSpec,
    onnx::{Graph, Node},
};

/// What a model's outputs mean.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Task {
    /// One class for each row, and how likely each class is.
    Classifier {
        /// The index of the output that holds the class.
        label: usize,
        /// The index of the output that holds a number per class.
        probabilities: usize,
        /// The classes, in the order of those numbers.
        classes: Labels,
    },
    /// One number for each row.
    Regressor {
        /// The index of the output that holds it.
        value: usize,
    },
    /// Something else: outputs speak for themselves.
    Other,
}

/// The classes of a classifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Classes that are called by name.
    Text(Vec<String>),
    /// Classes that are called by number.
    Integers(Vec<i64>),
}

/// The domain of the operators that know class labels.
const ML_DOMAIN: &str = "ai.onnx.ml";

impl Task {
    pub(crate) fn of_onnx(graph: &Graph<'_>, outputs: &[OutputSpec]) -> Result<Self, ModelError> {
        match outputs {
            [value] if value.is_one_float_a_row() => Ok(Self::Regressor { value: 0 }),
            [first, second] => {
                let classes = Labels::of_graph(graph)?;
                Ok(classes
                    .and_then(|classes| Self::classifier(first, second, classes))
                    .unwrap_or(Self::Other))
            }
            _ => Ok(Self::Other),
        }
    }

    fn classifier(first: &OutputSpec, second: &OutputSpec, classes: Labels) -> Option<Self> {
        if first.can_label(&classes) && second.can_weigh(&classes) {
            Some(Self::Classifier { label: 0, probabilities: 1, classes })
        } else if second.can_label(&classes) && first.can_weigh(&classes) {
            Some(Self::Classifier { label: 1, probabilities: 0, classes })
        } else {
            None
        }
    }
}

impl Labels {
    /// The number of classes.
    pub const fn len(&self) -> usize {
        match self {
            Self::Text(labels) => labels.len(),
            Self::Integers(labels) => labels.len(),
        }
    }

    /// Whether there are no classes.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of a tensor of these labels.
    pub const fn dtype(&self) -> DType {
        match self {
            Self::Text(_) => DType::Str,
            Self::Integers(_) => DType::I64,
        }
    }

    /// The labels of the last node that has any: a classifier comes behind what it classifies.
    fn of_graph(graph: &Graph<'_>) -> Result<Option<Self>, ModelError> {
        for node in graph.nodes.iter().rev().filter(|node| node.domain == ML_DOMAIN) {
            if let Some(labels) = Self::of_node(node)?.filter(|labels| labels.len() >= 2) {
                return Ok(Some(labels));
            }
        }
        Ok(None)
    }

    fn of_node(node: &Node<'_>) -> Result<Option<Self>, ModelError> {
        if let Some(labels) = node.strings("classlabels_strings")?
            && labels.len() > 0
        {
            return Ok(Some(Self::Text(labels.map(str::to_owned).collect())));
        }
        for name in ["classlabels_int64s", "classlabels_ints"] {
            if let Some(labels) = node.ints(name)? {
                return Ok(Some(Self::Integers(labels.collect())));
            }
        }
        Ok(None)
    }
}

impl OutputSpec {
    fn is_one_float_a_row(&self) -> bool {
        // An axis that is left open may be longer than one, and nothing else tells rows apart.
        let one = matches!(self.row_dims.as_deref(), Some([] | [Some(1)]));
        self.dtype.is_float() && one
    }

    fn can_label(&self, classes: &Labels) -> bool {
        let one = matches!(self.row_dims.as_deref(), None | Some([] | [None | Some(1)]));
        self.dtype == classes.dtype() && one
    }

    fn can_weigh(&self, classes: &Labels) -> bool {
        let a_row = match self.row_dims.as_deref() {
            None | Some([None]) => true,
            Some(&[Some(width)]) => width == classes.len(),
            Some(_) => false,
        };
        self.dtype.is_float() && a_row
    }
}
