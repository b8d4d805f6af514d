use crate::{
    ModelError, OutputSpec,
    labels::{Labels, Trace},
    onnx::Graph,
    zipmap::ZipMaps,
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
    /// One vector for each row, which is near to those of rows like it.
    Embedding {
        /// The index of the output that holds it.
        output: usize,
    },
    /// Something else: outputs speak for themselves.
    Other,
}

impl Task {
    pub(crate) fn of_onnx(
        graph: &Graph<'_>,
        outputs: &[OutputSpec],
        zipmaps: &ZipMaps<'_>,
    ) -> Result<Self, ModelError> {
        match outputs {
            [value] if value.is_one_float_a_row() => Ok(Self::Regressor { value: 0 }),
            [_, _] => {
                let trace = Trace::of(graph);
                for (label, probabilities) in [(0, 1), (1, 0)] {
                    if outputs[label].dtype.is_float() {
                        continue;
                    }
                    let [class, scores] =
                        [label, probabilities].map(|index| graph.outputs[index].name);
                    let named = zipmaps.classes(scores);
                    if let Some(classes) = trace.classes(class, scores, named)?
                        && outputs[label].can_label(&classes)
                        && outputs[probabilities].can_weigh(&classes)
                    {
                        return Ok(Self::Classifier { label, probabilities, classes });
                    }
                }
                Ok(Self::Other)
            }
            _ => Ok(Self::Other),
        }
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
        self.dtype == classes.dtype() && classes.len() >= 2 && one
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
