//! The plan that explains a model's scores: what each column adds, those of a column's features, as
//! one-hot encoding makes several, summed up.

use std::sync::Arc;

use hotplate_backend::{
    BackendError, BackendErrorKind, Explainer, Limits, Part, Placement, Plan, UnknownCategories,
    Worker,
};
use hotplate_model::{OutputSpec, Signature};
use hotplate_tensor::{DType, Inputs, Shape, Tensor};

use crate::{
    encode::BLOCK_ROWS,
    encode::UnknownTexts,
    ensemble::{Finish, Labels},
    explain::{self, ExplainerScratch},
    plan::Compiled,
    real::Real,
};

/// What explains a compiled model; see [`Explainer`].
///
/// # Errors
///
/// When the model is too large to be explained, or its trees are aggregated otherwise than by sums,
/// or a background row is one that the model refuses.
pub(crate) fn explainer<X: Real, F: Finish<X> + 'static>(
    compiled: &Arc<Compiled<X, F>>,
    background: Option<Inputs<'_>>,
) -> Result<Explainer, BackendError> {
    let refused = |reason: String| BackendError::told(BackendErrorKind::Unsupported, reason);
    let Compiled { signature, encoder, explained, finish, .. } = &**compiled;
    let ensemble = explained
        .as_ref()
        .ok_or_else(|| refused("an ensemble of a million nodes or more is not explained".into()))?;
    let width = encoder.width();
    let mut rows = Vec::new();
    if let Some(background) = background {
        rows.resize(background.rows() * width, X::ZERO);
        match encoder.borrow(background) {
            Some(features) => rows.copy_from_slice(features),
            None => {
                let accepted = UnknownTexts::of_a_second_look(UnknownCategories::AsModelSays);
                encoder.encode(background, 0..background.rows(), accepted, &mut rows)?;
            }
        }
    }
    let explainer =
        ensemble.explainer(|score| finish.base(score), width, &rows).map_err(refused)?;
    // Of two classes' scores, the second's tells all.
    let classes = finish.labels().map(Labels::len);
    let scores = explainer.expected().len();
    let first = usize::from((classes, scores) == (Some(2), 2));
    let classes = classes.map(|classes| match scores {
        1 => vec![classes - 1],
        _ => (first..scores).collect(),
    });
    let schema = Arc::clone(signature.schema());
    let columns = schema.columns().len();
    let output = |name: &str, row_dims| OutputSpec {
        name: name.to_owned(),
        dtype: DType::F64,
        row_dims: Some(row_dims),
        optional: false,
    };
    let outputs = vec![
        output("contributions", vec![Some(scores - first), Some(columns)]),
        output("expected", vec![Some(scores - first)]),
    ];
    let covers = explainer.covers();
    let plan = Explaining {
        signature: signature.clone().with_outputs(outputs),
        column_of_feature: encoder.columns(&schema),
        columns,
        first_score: first,
        explainer,
        compiled: Arc::clone(compiled),
    };
    Ok(Explainer { plan: Arc::new(ExplainerPlan(Arc::new(plan))), classes, covers })
}

/// A model's trees, ready to explain rows.
#[derive(Debug)]
struct Explaining<X: Real, F> {
    signature: Signature,
    explainer: explain::Explainer<X>,
    column_of_feature: Vec<usize>,
    columns: usize,
    /// The scores in front of it are not told.
    first_score: usize,
    compiled: Arc<Compiled<X, F>>,
}

#[derive(Debug)]
struct ExplainerPlan<X: Real, F>(Arc<Explaining<X, F>>);

impl<X: Real, F: Finish<X> + 'static> Plan for ExplainerPlan<X, F> {
    fn signature(&self) -> &Signature {
        &self.0.signature
    }

    fn worker(&self, _: &Limits) -> Result<Box<dyn Worker>, BackendError> {
        let width = self.0.compiled.encoder.width();
        Ok(Box::new(ExplainerWorker {
            features: vec![X::ZERO; self.0.compiled.encoder.block_len()],
            contributions: vec![0.0; self.0.explainer.expected().len() * width],
            scratch: self.0.explainer.scratch(),
            plan: Arc::clone(&self.0),
        }))
    }

    fn warmup(&self) -> &[usize] {
        &[1, BLOCK_ROWS]
    }

    fn steps(&self) -> Vec<String> {
        let mut steps = self.0.compiled.encoder.describe();
        steps.push(format!("TreeSHAP, covers by {}", self.0.explainer.covers()));
        steps
    }

    fn placement(&self) -> &Placement {
        &self.0.compiled.placement
    }
}

/// One thread's feature vectors and scratch.
#[derive(Debug)]
struct ExplainerWorker<X: Real, F> {
    plan: Arc<Explaining<X, F>>,
    /// Of a block of rows.
    features: Vec<X>,
    /// `[scores, width]`, of one row.
    contributions: Vec<f64>,
    scratch: ExplainerScratch<X>,
}

impl<X: Real, F: Finish<X>> Worker for ExplainerWorker<X, F> {
    fn run(&mut self, parts: &mut [Part<'_>]) {
        for part in parts {
            part.outcome = self.explain(part);
        }
    }
}

impl<X: Real, F: Finish<X>> ExplainerWorker<X, F> {
    fn explain(&mut self, part: &mut Part<'_>) -> Result<(), BackendError> {
        let Self { plan, features, contributions, scratch } = self;
        let Part { inputs, rows, outputs, unknown_categories, .. } = part;
        let encoder = &plan.compiled.encoder;
        let width = encoder.width();
        let [of_columns, expected, ..] = &mut **outputs else {
            unreachable!("an output for each of the signature's")
        };
        if rows.start == 0 {
            plan.reset(inputs.rows(), of_columns, expected);
        }
        let unknown = UnknownTexts::of_a_second_look(*unknown_categories);
        encoder.blocks(*inputs, rows.clone(), unknown, features, |first, rows| {
            for (row, features) in (first..).zip(rows.chunks_exact(width)) {
                plan.explainer.explain(features, scratch, contributions);
                plan.write(row, contributions, of_columns, expected);
            }
        })
    }
}

impl<X: Real, F> Explaining<X, F> {
    fn scores(&self) -> usize {
        self.explainer.expected().len() - self.first_score
    }

    fn reset(&self, rows: usize, contributions: &mut Tensor, expected: &mut Tensor) {
        let shape = |dims: &[usize]| {
            Shape::new(dims).unwrap_or_else(|_| unreachable!("rows times a bounded width"))
        };
        contributions.reset::<f64>(shape(&[rows, self.scores(), self.columns]));
        expected.reset::<f64>(shape(&[rows, self.scores()]));
    }

    /// Writes what a row's columns add, from what its features do.
    fn write(&self, row: usize, of_features: &[f64], to: &mut Tensor, expected: &mut Tensor) {
        let (scores, columns) = (self.scores(), self.columns);
        let to = &mut to.elements_mut::<f64>()[row * scores * columns..][..scores * columns];
        to.fill(0.0);
        let width = self.column_of_feature.len();
        let told = of_features.chunks_exact(width).skip(self.first_score);
        for (to, of_features) in to.chunks_exact_mut(columns).zip(told) {
            for (&column, &of_feature) in self.column_of_feature.iter().zip(of_features) {
                to[column] += of_feature;
            }
        }
        let expected = &mut expected.elements_mut::<f64>()[row * scores..][..scores];
        expected.copy_from_slice(&self.explainer.expected()[self.first_score..]);
    }
}
