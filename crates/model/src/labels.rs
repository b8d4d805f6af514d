use std::collections::HashMap;

use hotplate_tensor::{DType, Data};

use crate::{
    ModelError,
    onnx::{Graph, Node, TensorProto},
};

mod order;
mod votes;

/// The classes of a classifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Classes that are called by name.
    Text(Vec<String>),
    /// Classes that are called by number.
    Integers(Vec<i64>),
}

/// The domain of the operators that know class labels.
pub(crate) const ML_DOMAIN: &str = "ai.onnx.ml";

/// The nodes that a label is followed back through, which keeps a graph that runs in a circle from
/// being followed for ever. Exporters put five in a row.
const FOLLOWED_NODES: usize = 32;

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

    /// The classes that a node of classical models says it tells apart.
    pub(crate) fn of_node(node: &Node<'_>) -> Result<Option<Self>, ModelError> {
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

    /// The elements of a constant, where they are texts or whole numbers.
    fn of_constant(tensor: &TensorProto<'_>) -> Result<Option<Self>, ModelError> {
        if tensor.external.is_some() || tensor.element.dtype().is_none() {
            return Ok(None);
        }
        Ok(Some(Self::Integers(match tensor.decode()? {
            Data::Str(texts) => {
                let texts = texts.view();
                return Ok(Some(Self::Text(texts.iter().map(str::to_owned).collect())));
            }
            Data::I64(integers) => integers,
            Data::I32(integers) => integers.into_iter().map(i64::from).collect(),
            Data::F32(floats) => match floats.into_iter().map(|x| whole(x.into())).collect() {
                Some(integers) => integers,
                None => return Ok(None),
            },
            Data::F64(floats) => match floats.into_iter().map(whole).collect() {
                Some(integers) => integers,
                None => return Ok(None),
            },
            _ => return Ok(None),
        })))
    }
}

/// The integer that a float is, if it is one that floats tell from its neighbours.
fn whole(float: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small enough")]
    (float.fract() == 0.0 && float.abs() < EXACT).then_some(float as i64)
}

/// Finds the classes of a label by following it back to where it is looked up, and the scores to
/// what it is chosen by.
#[derive(Debug)]
pub(crate) struct Trace<'g, 'a> {
    maker_of: HashMap<&'a str, &'g Node<'a>>,
    constants: HashMap<&'a str, &'g TensorProto<'a>>,
}

/// What a label is, followed back.
struct Origin<'g, 'a> {
    classes: Classes<'a>,
    choice: Choice<'g, 'a>,
}

/// What the label is one of.
enum Classes<'a> {
    These(Labels),
    /// The elements of this value.
    Of(&'a str),
    /// The numbers of the scores.
    Numbers,
}

/// How one of the classes is chosen.
enum Choice<'g, 'a> {
    /// By which of these scores is the greatest.
    Greatest(&'a str),
    /// The second of two, where this is great enough.
    Second(&'a str),
    /// By the node, which gives the scores behind the label.
    Node(&'g Node<'a>),
}

impl<'g, 'a> Trace<'g, 'a> {
    pub(crate) fn of(graph: &'g Graph<'a>) -> Self {
        let made = |node: &'g Node<'a>| node.outputs.iter().map(move |&output| (output, node));
        let constants = graph.initializers.iter().map(|tensor| (tensor.name, tensor));
        Self {
            maker_of: graph.nodes.iter().flat_map(made).collect(),
            constants: constants.collect(),
        }
    }

    /// The classes of the label called `label`, in the order of the output called `scores`, if the
    /// label is the class of the greatest of these or, of two, whether the second is great enough.
    ///
    /// `named` are the classes that a ZipMap names the scores by, which then must be the same.
    pub(crate) fn classes(
        &self,
        label: &'a str,
        scores: &'a str,
        named: Option<&Labels>,
    ) -> Result<Option<Labels>, ModelError> {
        let mut encoders = Vec::new();
        let Some(Origin { classes, choice }) = self.follow(label, &mut encoders)? else {
            return Ok(None);
        };
        if !self.orders(&choice, scores)? {
            return Ok(None);
        }
        let mut classes = match classes {
            Classes::These(classes) => Some(classes),
            Classes::Of(constant) => match self.constants.get(constant) {
                Some(constant) => Labels::of_constant(constant)?,
                None => None,
            },
            // How many there are is known to whoever has a use for each.
            Classes::Numbers => match (encoders.last(), named) {
                (Some(encoder), _) => encoder.ints("keys_int64s")?.map(|keys| keys.len()),
                (None, named) => named.map(Labels::len),
            }
            .and_then(|count| Some(Labels::Integers((0..i64::try_from(count).ok()?).collect()))),
        };
        while let Some(encoder) = encoders.pop() {
            classes = match classes {
                Some(classes) => encode(&classes, encoder)?,
                None => break,
            };
        }
        Ok(classes.filter(|classes| named.is_none_or(|named| named == classes)))
    }

    /// Follows a label to its origin, and collects the encoders on the way, the nearest first.
    fn follow(
        &self,
        mut name: &'a str,
        encoders: &mut Vec<&'g Node<'a>>,
    ) -> Result<Option<Origin<'g, 'a>>, ModelError> {
        for _ in 0..FOLLOWED_NODES {
            let Some(&node) = self.maker_of.get(name) else { break };
            match (node.domain, node.op_type, &node.inputs[..]) {
                (ML_DOMAIN, "LabelEncoder", &[input]) => {
                    encoders.push(node);
                    name = input;
                }
                ("", "Gather", &[constant, index])
                | (ML_DOMAIN, "ArrayFeatureExtractor", &[constant, index]) => {
                    let classes = Classes::Of(constant);
                    return Ok(self.index(index)?.map(|choice| Origin { classes, choice }));
                }
                ("", "ArgMax", _) => {
                    let classes = Classes::Numbers;
                    return Ok(self.index(name)?.map(|choice| Origin { classes, choice }));
                }
                // It names its input, and is gone from the model that runs.
                (ML_DOMAIN, "ZipMap", &[input]) => name = input,
                (ML_DOMAIN, _, _) if node.outputs.first() == Some(&name) => {
                    let choice = Choice::Node(node);
                    return Ok(Labels::of_node(node)?
                        .map(|classes| Origin { classes: Classes::These(classes), choice }));
                }
                _ => match same_values(node) {
                    Some(input) => name = input,
                    None => break,
                },
            }
        }
        Ok(None)
    }

    /// What an index of classes is chosen by.
    fn index(&self, index: &'a str) -> Result<Option<Choice<'g, 'a>>, ModelError> {
        let Some(node) = self.maker_of.get(self.same_value(index)) else { return Ok(None) };
        Ok(match (node.domain, node.op_type, &node.inputs[..]) {
            ("", "ArgMax", &[scores]) if goes_over_classes(node, 0)? => {
                Some(Choice::Greatest(scores))
            }
            // The other way round the first class would be chosen by a great score.
            ("", "Greater" | "GreaterOrEqual", &[score, limit])
                if self.constants.contains_key(limit) =>
            {
                Some(Choice::Second(score))
            }
            _ => None,
        })
    }

    /// The value that the one called `name` has its elements of, in the same order.
    fn same_value(&self, mut name: &'a str) -> &'a str {
        for _ in 0..FOLLOWED_NODES {
            match self.maker_of.get(name).and_then(|node| same_values(node)) {
                Some(input) => name = input,
                None => break,
            }
        }
        name
    }
}

/// The input that a node gives on, its elements in the same order.
fn same_values<'a>(node: &Node<'a>) -> Option<&'a str> {
    let same = node.domain.is_empty()
        && matches!(
            node.op_type,
            "Cast" | "Flatten" | "Identity" | "Reshape" | "Squeeze" | "Unsqueeze"
        );
    node.inputs.first().copied().filter(|_| same)
}

/// What an encoder of integers makes of these classes, if it knows them all.
fn encode(classes: &Labels, encoder: &Node<'_>) -> Result<Option<Labels>, ModelError> {
    let (Labels::Integers(integers), Some(keys)) = (classes, encoder.ints("keys_int64s")?) else {
        return Ok(None);
    };
    let place_of: HashMap<i64, usize> = keys.enumerate().map(|(at, key)| (key, at)).collect();
    let places: Option<Vec<usize>> =
        integers.iter().map(|integer| place_of.get(integer).copied()).collect();
    let Some(places) = places else { return Ok(None) };
    if let Some(values) = encoder.strings("values_strings")? {
        let values: Vec<&str> = values.collect();
        let texts: Option<Vec<String>> =
            places.iter().map(|&place| values.get(place).map(|&text| text.to_owned())).collect();
        return Ok(texts.map(Labels::Text));
    }
    let Some(values) = encoder.ints("values_int64s")? else { return Ok(None) };
    let values: Vec<i64> = values.collect();
    let integers: Option<Vec<i64>> =
        places.iter().map(|&place| values.get(place).copied()).collect();
    Ok(integers.map(Labels::Integers))
}

/// Whether the axis that a node says, or else `default`, is that of the classes.
fn goes_over_classes(node: &Node<'_>, default: i64) -> Result<bool, ModelError> {
    Ok(matches!(node.int("axis")?.unwrap_or(default), 1 | -1))
}

#[cfg(test)]
mod tests;
