use hotplate::{Answer, Labels, Task, TensorView};
use hotplate_codec::Predictions;

/// What a reply to these answers is written from.
///
/// `tensors` is memory for the outputs of a model that neither classifies nor regresses; it is
/// overwritten.
pub fn predictions<'a>(
    answer: &'a Answer,
    tensors: &'a mut Vec<(&'a str, TensorView<'a>)>,
) -> Predictions<'a> {
    let outputs = answer.outputs();
    match *answer.signature().task() {
        Task::Classifier { label, probabilities, ref classes } => Predictions::Classifier {
            labels: outputs[label].data(),
            probabilities: outputs[probabilities].data(),
            classes: match classes {
                Labels::Text(names) => names.len(),
                Labels::Integers(integers) => integers.len(),
            },
        },
        Task::Regressor { value } => Predictions::Regressor { values: outputs[value].data() },
        _ => {
            let names = answer.signature().outputs().iter().map(|output| output.name.as_str());
            tensors.clear();
            tensors.extend(names.zip(outputs.iter().map(|output| output.view())));
            Predictions::Tensors { rows: answer.rows(), outputs: tensors }
        }
    }
}
