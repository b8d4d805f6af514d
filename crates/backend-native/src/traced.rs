//! How a compiled model comes to its answer for one row.

use hotplate_backend::{BackendError, RowTrace, TracedScore, TracedTree, UnknownCategories};
use hotplate_tensor::Inputs;

use crate::{
    encode::UnknownTexts,
    ensemble::{Finish, Labels},
    plan::Compiled,
    real::Real,
};

/// Traces the first row.
///
/// # Errors
///
/// When the model refuses the row.
pub(crate) fn trace<X: Real, F: Finish<X>>(
    compiled: &Compiled<X, F>,
    inputs: Inputs<'_>,
) -> Result<RowTrace, BackendError> {
    let Compiled { signature, encoder, ensemble, explained, finish, .. } = compiled;
    let width = encoder.width();
    let mut features = vec![X::ZERO; width];
    match encoder.borrow(inputs) {
        Some(rows) => features.copy_from_slice(&rows[..width]),
        None => {
            let unknown = UnknownTexts::of_a_second_look(UnknownCategories::AsModelSays);
            encoder.encode(inputs, 0..1, unknown, &mut features)?;
        }
    }
    let mut margins = Vec::new();
    ensemble.scores_of(&features, width, &mut ensemble.scratch(), |_, scores, got| {
        finish.margins(scores, got);
        margins.extend(scores.iter().map(|score| score.to_f64()));
    });
    let classes = finish.labels().map(Labels::len);
    let score = |(score, &margin): (usize, &f64)| TracedScore {
        // The only score of two classes is the second's.
        class: classes.map(|classes| if margins.len() == 1 { classes - 1 } else { score }),
        base: ensemble.start(score) + finish.base(score),
        margin,
    };
    let scores = margins.iter().enumerate().skip(ensemble.first_told()).map(score).collect();
    let (traced, texts) = encoder.trace(inputs, signature.schema(), &features);
    Ok(RowTrace {
        precision: X::DTYPE,
        features: traced,
        texts,
        trees: explained.as_ref().map(|ensemble| -> Vec<TracedTree> { ensemble.trace(&features) }),
        aggregate: ensemble.aggregate().traced(),
        scores,
        transform: finish.transform(),
    })
}
