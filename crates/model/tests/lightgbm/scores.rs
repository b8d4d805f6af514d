//! Every model's raw scores and predictions by the rules that the module's doc states, against the
//! library's.

use hotplate_model::lightgbm::{
    Child, LightGbmModel, Missing, Split, Transform, Tree, ZERO_THRESHOLD,
};

use crate::data;

/// Whether a value goes left.
type Rule = fn(Split<'_>, f64) -> bool;

/// The value of the leaf that a row comes to.
fn walk(tree: &Tree, row: &[f64], goes_left: Rule) -> f64 {
    let mut at = tree.root();
    loop {
        let node = match at {
            Child::Leaf(leaf) => return tree.leaf_values()[leaf],
            Child::Node(node) => tree.node(node),
        };
        let left = goes_left(node.split, row[node.feature]);
        at = if left { node.left } else { node.right };
    }
}

fn goes_left(split: Split<'_>, value: f64) -> bool {
    decides_left(split, if value.abs() <= ZERO_THRESHOLD { 0.0 } else { value })
}

fn decides_left(split: Split<'_>, value: f64) -> bool {
    match split {
        Split::Numerical { threshold, default_left, missing } => {
            let value = if value.is_nan() && missing != Missing::Nan { 0.0 } else { value };
            let is_missing = match missing {
                Missing::None => false,
                Missing::Zero => value == 0.0,
                Missing::Nan => value.is_nan(),
            };
            if is_missing { default_left } else { value <= threshold }
        }
        Split::Categorical { set } => {
            #[expect(clippy::cast_possible_truncation, reason = "the fraction is to be cut off")]
            let category = value as i32;
            let fits = value > -1.0 && value < 2_147_483_648.0;
            fits && set.contains(category.cast_unsigned())
        }
    }
}

fn raw_scores(model: &LightGbmModel, row: &[f64], rule: Rule) -> Vec<f64> {
    let mut scores = vec![0.0; model.scores()];
    for (index, tree) in model.trees().iter().enumerate() {
        scores[index % model.scores()] += walk(tree, row, rule);
    }
    scores
}

fn prediction(model: &LightGbmModel, mut scores: Vec<f64>) -> Vec<f64> {
    if model.average_output() {
        let iterations = u32::try_from(model.iterations()).expect("there are few");
        scores.iter_mut().for_each(|score| *score /= f64::from(iterations));
    }
    match model.objective().transform() {
        Transform::Identity => {}
        Transform::SignedSquare => scores.iter_mut().for_each(|s| *s *= s.abs()),
        Transform::Exponential => scores.iter_mut().for_each(|s| *s = s.exp()),
        Transform::Logistic { sigmoid } => {
            scores.iter_mut().for_each(|s| *s = 1.0 / (1.0 + (-sigmoid * *s).exp()));
        }
        Transform::Softplus => scores.iter_mut().for_each(|s| *s = s.exp().ln_1p()),
        Transform::Softmax => {
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            scores.iter_mut().for_each(|s| *s = (*s - most).exp());
            let sum: f64 = scores.iter().sum();
            scores.iter_mut().for_each(|s| *s /= sum);
        }
        other => panic!("{other:?} is not computed here"),
    }
    scores
}

#[test]
fn raw_scores_are_the_librarys_bit_for_bit() {
    for name in data::models() {
        let model = data::read(&name);
        let rows = data::rows(&name, &model);
        let expected = data::expected(&name, model.scores()).raw;
        let got: Vec<f64> =
            rows.iter().flat_map(|row| raw_scores(&model, row, goes_left)).collect();
        assert_eq!(got.len(), expected.len(), "{name}");
        for (index, (got, expected)) in got.iter().zip(&expected).enumerate() {
            let row = index / model.scores();
            assert_eq!(got.to_bits(), expected.to_bits(), "{name}, row {row}: {:?}", rows[row]);
        }
    }
}

#[test]
fn predictions_are_the_librarys() {
    for name in data::models() {
        let model = data::read(&name);
        let rows = data::rows(&name, &model);
        let expected = data::expected(&name, model.scores()).predicted;
        let rows = &rows[..data::PREDICTED_ROWS];
        let scores = rows.iter().map(|row| raw_scores(&model, row, goes_left));
        let got: Vec<f64> = scores.flat_map(|scores| prediction(&model, scores)).collect();
        assert_eq!(got.len(), expected.len(), "{name}");
        for (got, expected) in got.into_iter().zip(expected) {
            // The exponential functions of two libraries differ in the last bits.
            assert!((got - expected).abs() <= 1e-14 * expected.abs(), "{name}: {got}, {expected}");
        }
    }
}

#[test]
fn rows_tell_every_rule_apart() {
    // Each rule, turned into its neighbour, changes some score: the rows would notice.
    let wrong: [(&str, Rule); 7] = [
        ("less than", |split, x| match split {
            Split::Numerical { threshold, .. } if x == threshold => false,
            _ => goes_left(split, x),
        }),
        ("tiny numbers as they are", decides_left),
        ("zero ends at the float64 1e-35", |split, x| {
            decides_left(split, if x.abs() <= 1e-35 { 0.0 } else { x })
        }),
        ("NaN always missing", |split, x| match split {
            Split::Numerical { default_left, .. } if x.is_nan() => default_left,
            _ => goes_left(split, x),
        }),
        ("zero never missing", |split, x| match split {
            Split::Numerical { threshold, .. } if x.abs() <= ZERO_THRESHOLD => x <= threshold,
            _ => goes_left(split, x),
        }),
        ("NaN is category 0", |split, x| match split {
            Split::Categorical { set } if x.is_nan() => set.contains(0),
            _ => goes_left(split, x),
        }),
        ("floor of categories", |split, x| match split {
            Split::Categorical { .. } => goes_left(split, x.floor()),
            Split::Numerical { .. } => goes_left(split, x),
        }),
    ];
    for (name, rule) in wrong {
        let noticed = data::models().iter().any(|model| {
            let read = data::read(model);
            let scores = |rule| {
                let rows = data::rows(model, &read);
                rows.iter().flat_map(|row| raw_scores(&read, row, rule)).collect::<Vec<f64>>()
            };
            scores(rule) != scores(goes_left)
        });
        assert!(noticed, "{name}");
    }
}
