//! How the features of one row came about.

use hotplate_backend::{
    ArithmeticOperation, FeatureSource, TracedArithmetic, TracedFeature, TracedText,
};
use hotplate_tensor::{DataView, Inputs, Schema};

use super::{Encoder, NumberStep, TextStep};
use crate::{
    real::Real,
    trace::{Arithmetic, is_hit},
};

impl<X: Real> Encoder<X> {
    /// How the feature vector of the first row, which is `features`, is made of its cells.
    pub(crate) fn trace(
        &self,
        inputs: Inputs<'_>,
        schema: &Schema,
        features: &[X],
    ) -> (Vec<TracedFeature>, Vec<TracedText>) {
        let columns = self.columns(schema);
        let blank = |(&column, value): (&usize, &X)| TracedFeature {
            column,
            source: FeatureSource::Number(Vec::new()),
            value: value.to_f64(),
        };
        let mut traced: Vec<_> = columns.iter().zip(features).map(blank).collect();
        for step in &self.numbers {
            traced[step.feature].source = FeatureSource::Number(step.trace::<X>(inputs));
        }
        for (text, step) in self.texts.iter().enumerate() {
            // A feature that no category sets is what it is where the text is none.
            for &(feature, _) in &step.off {
                traced[feature].source = FeatureSource::Text { text, category: None };
            }
            for (feature, category) in step.only_categories() {
                traced[feature].source = FeatureSource::Text { text, category: Some(category) };
            }
        }
        (traced, self.texts.iter().map(|step| step.trace(inputs)).collect())
    }
}

impl NumberStep {
    fn trace<X: Real>(&self, inputs: Inputs<'_>) -> Vec<TracedArithmetic> {
        let Some(elements) = X::slice(inputs.data(self.cell.input)) else {
            unreachable!("the engine checks dtypes before a row is traced")
        };
        let mut x = elements[self.cell.offset].narrowed();
        let steps = self.arithmetic.iter().map(|step| {
            let before = x;
            x = step.apply(before);
            TracedArithmetic { operation: operation(*step, before), value: x.into() }
        });
        steps.collect()
    }
}

impl<X: Real> TextStep<X> {
    /// The features that one category alone sets, with that.
    fn only_categories(&self) -> Vec<(usize, String)> {
        let mut set: Vec<(usize, usize)> = Vec::with_capacity(self.on.len());
        for (category, changes) in self.changes.iter().enumerate() {
            set.extend(self.on[changes.clone()].iter().map(|&(feature, _)| (feature, category)));
        }
        set.sort_unstable();
        let of_feature = set.chunk_by(|left, right| left.0 == right.0);
        let only = of_feature.filter_map(|set| match *set {
            [(feature, category)] => Some((feature, self.lookup.table.names()[category].clone())),
            _ => None,
        });
        only.collect()
    }

    fn trace(&self, inputs: Inputs<'_>) -> TracedText {
        let DataView::Str(elements) = inputs.data(self.cell.input) else {
            unreachable!("the engine checks dtypes before a row is traced")
        };
        let text = elements.get(self.cell.offset);
        TracedText {
            column: self.lookup.column,
            text: text.to_owned(),
            category: self.lookup.table.get(text),
            categories: self.lookup.table.names().len(),
        }
    }
}

fn operation(step: Arithmetic, x: f32) -> ArithmeticOperation {
    match step {
        Arithmetic::Impute { with, replaced } => {
            let is_replaced = is_hit(x, replaced);
            let (with, replaced) = (with.into(), replaced.into());
            ArithmeticOperation::Impute { with, replaced, is_replaced }
        }
        Arithmetic::Scale { offset, scale } => {
            ArithmeticOperation::Scale { offset: offset.into(), scale: scale.into() }
        }
    }
}
