//! Replies in Hugging Face's form.

use hotplate_tensor::DataView;

use super::{
    json::{write_nested, write_number},
    value::number,
};
use crate::{Predictions, ScoreFunction, TextForm, TextRequest, json::write_string};

/// Appends the reply to a request in Hugging Face's form, in the form of its containers.
///
/// | | a text | an object | a list |
/// |---|---|---|---|
/// | classes | `[{"label":…,"score":…}]` | `{"label":…,"score":…}` | `[{"label":…,"score":…},…]` |
/// | classes, with `top_k` | `[{…},…]` | `[{…},…]` | `[[{…},…],…]` |
/// | embeddings | `[[…]]` | `[[…]]` | `[[…],…]` |
///
/// The score of the predicted class is its own probability; with `top_k` the greatest scores come
/// first. A model of one value has one class, `LABEL_0`, whose score it is. An embedding is one
/// vector for each text, as Text Embeddings Inference has it.
///
/// # Panics
///
/// When the parts of `predictions` disagree about the number of rows, or the request does not
/// [fit](TextRequest::fits) them.
pub fn encode_texts(request: &TextRequest, predictions: &Predictions<'_>, reply: &mut Vec<u8>) {
    predictions.check_rows();
    assert!(matches!(request.fits(predictions), Ok(true)), "the request does not fit its answers");
    let is_list = request.form == TextForm::List
        || matches!(predictions, Predictions::Tensors { .. })
        || (request.form == TextForm::Text && request.top_k.is_none());
    if is_list {
        reply.push(b'[');
    }
    let mut classes = Vec::new();
    for row in 0..predictions.rows() {
        if row > 0 {
            reply.push(b',');
        }
        match predictions {
            Predictions::Tensors { outputs, .. } => {
                for (_, tensor) in *outputs {
                    let dims = tensor.shape().dims().get(1..).unwrap_or_default();
                    let width: usize = dims.iter().product();
                    write_nested(dims, tensor.data(), row * width, reply);
                }
            }
            _ => write_classes(request, predictions, row, &mut classes, reply),
        }
    }
    if is_list {
        reply.push(b']');
    }
}

/// Appends the classes of `row`; `classes` is memory.
fn write_classes(
    request: &TextRequest,
    predictions: &Predictions<'_>,
    row: usize,
    classes: &mut Vec<(usize, f32)>,
    reply: &mut Vec<u8>,
) {
    scores(request.function, predictions, row, classes);
    let Some(top_k) = request.top_k else {
        let (class, score) = predicted(predictions, row, classes);
        return write_class(predictions, row, class, score, reply);
    };
    classes.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    reply.push(b'[');
    for (place, &(class, score)) in classes[..top_k.of(classes.len())].iter().enumerate() {
        if place > 0 {
            reply.push(b',');
        }
        write_class(predictions, row, Some(class), score, reply);
    }
    reply.push(b']');
}

/// Puts the score of each class of `row` into `classes`.
fn scores(
    function: Option<ScoreFunction>,
    predictions: &Predictions<'_>,
    row: usize,
    classes: &mut Vec<(usize, f32)>,
) {
    classes.clear();
    let (of, width) = match (*predictions, function) {
        (Predictions::Classifier { margins: Some(margins), classes, .. }, Some(_)) => {
            (margins, classes)
        }
        (Predictions::Classifier { probabilities, classes, .. }, _) => (probabilities, classes),
        (Predictions::Regressor { values }, _) => (values, 1),
        (Predictions::Tensors { .. }, _) => return,
    };
    let logits = (0..width).map(|class| number(of, row * width + class));
    let (mut most, mut sum) = (0.0, 1.0);
    if function == Some(ScoreFunction::Softmax) {
        most = logits.clone().fold(f64::NEG_INFINITY, f64::max);
        sum = logits.clone().map(|logit| (logit - most).exp()).sum();
    }
    #[expect(clippy::cast_possible_truncation, reason = "scores are float32")]
    let score = |logit: f64| match function {
        None | Some(ScoreFunction::None) => logit as f32,
        Some(ScoreFunction::Softmax) => ((logit - most).exp() / sum) as f32,
        Some(ScoreFunction::Sigmoid) => (1.0 / (1.0 + (-logit).exp())) as f32,
    };
    classes.extend(logits.map(score).enumerate());
}

/// The predicted class, which a threshold may have chosen, and its score.
fn predicted(
    predictions: &Predictions<'_>,
    row: usize,
    classes: &[(usize, f32)],
) -> (Option<usize>, f32) {
    let class = match *predictions {
        Predictions::Classifier { labels, names: Some(names), .. } => {
            (0..classes.len()).find(|&class| is_same(names, class, labels, row))
        }
        _ => Some(0),
    };
    let score = class.and_then(|class| classes.get(class)).map_or(f32::NAN, |&(_, score)| score);
    (class, score)
}

fn is_same(names: DataView<'_>, class: usize, labels: DataView<'_>, row: usize) -> bool {
    match (names, labels) {
        (DataView::Str(names), DataView::Str(labels)) => names.get(class) == labels.get(row),
        (DataView::I64(names), DataView::I64(labels)) => names[class] == labels[row],
        _ => false,
    }
}

/// Appends a class; the row's own label where `class` is not known.
fn write_class(
    predictions: &Predictions<'_>,
    row: usize,
    class: Option<usize>,
    score: f32,
    reply: &mut Vec<u8>,
) {
    let label = match (*predictions, class) {
        (Predictions::Classifier { names: Some(names), .. }, Some(class)) => Some((names, class)),
        (Predictions::Classifier { labels, .. }, None) => Some((labels, row)),
        _ => None,
    };
    reply.extend_from_slice(b"{\"label\":");
    match label {
        Some((DataView::Str(texts), index)) => write_string(reply, texts.get(index)),
        Some((DataView::I64(integers), index)) => write_string(reply, &integers[index].to_string()),
        // What Hugging Face calls classes without names.
        _ => write_string(reply, &format!("LABEL_{}", class.unwrap_or_default())),
    }
    reply.extend_from_slice(b",\"score\":");
    write_number(DataView::F32(&[score]), reply);
    reply.push(b'}');
}
