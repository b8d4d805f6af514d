//! The parts of a prediction that `SAGEMAKER_INFERENCE_OUTPUT` asks for.

use super::{
    Scores,
    recordio::{self, Record},
    reply::write_list,
};
use crate::python::{write_float, write_json_float, write_json_string};

/// The keys that some objective has a value for, in the order of the container's objects.
const KEYS: [&str; 7] = [
    "predicted_label",
    "labels",
    "probability",
    "probabilities",
    "raw_score",
    "raw_scores",
    "predicted_score",
];

/// How many of them, from the first, classifiers have that give probabilities.
const OF_PROBABILITIES: usize = 6;

/// What was asked for of a model of one objective.
#[derive(Clone, Debug)]
pub struct Selection {
    objective: Objective,
    /// As they were asked for, in lower case.
    keys: Vec<String>,
    /// Each once, in the order of the container's objects.
    ordered: Vec<String>,
    classes: usize,
}

/// What an objective's predictions are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Objective {
    Value,
    Probability,
    Probabilities,
    Margin,
    /// The label itself.
    Label,
}

/// A reply that would be longer than any that SageMaker passes on.
#[derive(Clone, Copy, Debug)]
pub struct TooLong;

/// The value of one key of one row.
enum Part<'a> {
    /// The objective has none.
    Nothing,
    Integer(usize),
    Number(f64),
    /// From zero on.
    Integers(usize),
    Pair([f64; 2]),
    Numbers(&'a [f32]),
}

impl Selection {
    /// What `asked`, a list between commas, means for a model of `objective`, which tells `classes`
    /// classes apart.
    ///
    /// # Errors
    ///
    /// What the container says of an objective that it knows no keys of.
    pub fn new(asked: &str, objective: &str, classes: usize) -> Result<Self, String> {
        let known = match objective {
            "reg:squarederror" | "reg:logistic" | "reg:gamma" | "reg:absoluteerror"
            | "reg:tweedie" => Objective::Value,
            "binary:logistic" => Objective::Probability,
            "multi:softprob" => Objective::Probabilities,
            "binary:logitraw" => Objective::Margin,
            "binary:hinge" | "multi:softmax" => Objective::Label,
            _ => {
                return Err(format!(
                    "Objective `{objective}` unsupported for selectable inference predictions."
                ));
            }
        };
        let keys: Vec<String> =
            asked.replace(' ', "").to_lowercase().split(',').map(str::to_owned).collect();
        let mut ordered: Vec<String> = Vec::new();
        let valid = KEYS.into_iter().filter(|key| keys.iter().any(|asked| asked == key));
        ordered.extend(valid.filter(|key| known.has(key)).map(str::to_owned));
        // The container has those of a set behind them, in an order that is chance.
        for key in &keys {
            if !ordered.contains(key) {
                ordered.push(key.clone());
            }
        }
        let classes = if objective.starts_with("binary:") { 2 } else { classes };
        Ok(Self { objective: known, keys, ordered, classes })
    }

    fn part<'a>(&self, key: &str, row: &'a [f32]) -> Part<'a> {
        if !self.objective.has(key) {
            return Part::Nothing;
        }
        let first = row[0];
        let of_list = self.objective == Objective::Probabilities;
        let second = f64::from(first);
        match key {
            "predicted_label" => match self.objective {
                Objective::Probability => Part::Integer(usize::from(first > 0.5)),
                Objective::Margin => Part::Integer(usize::from(first > 0.0)),
                Objective::Probabilities => Part::Integer(greatest(row)),
                _ => Part::Number(second),
            },
            "labels" => Part::Integers(self.classes),
            "probability" | "raw_score" if of_list => Part::Number(row[greatest(row)].into()),
            "probabilities" | "raw_scores" if of_list => Part::Numbers(row),
            "probabilities" | "raw_scores" => Part::Pair([1.0 - second, second]),
            _ => Part::Number(second),
        }
    }

    /// Appends `{"predictions": [{..}, ..]}`.
    pub fn write_json(&self, scores: Scores<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"predictions\": [");
        for (index, row) in scores.rows().enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            self.write_object(row, out);
        }
        out.extend_from_slice(b"]}");
    }

    /// Appends an object a line.
    pub fn write_json_lines(&self, scores: Scores<'_>, out: &mut Vec<u8>) {
        for row in scores.rows() {
            self.write_object(row, out);
            out.push(b'\n');
        }
    }

    /// Appends a line a row, and the end of the last one if `ended`.
    pub fn write_csv(&self, scores: Scores<'_>, ended: bool, out: &mut Vec<u8>) {
        for (index, row) in scores.rows().enumerate() {
            if index > 0 {
                out.push(b'\n');
            }
            for (nth, key) in self.keys.iter().enumerate() {
                if nth > 0 {
                    out.push(b',');
                }
                let part = self.part(key, row);
                let is_list = part.is_list();
                out.extend_from_slice(if is_list { b"\"" } else { b"" });
                part.write(write_float, out);
                out.extend_from_slice(if is_list { b"\"" } else { b"" });
            }
        }
        if ended {
            out.push(b'\n');
        }
    }

    /// Appends a record a row. As the container does it, each holds all those before it, too.
    ///
    /// # Errors
    ///
    /// When the records are longer than any reply may be.
    pub fn write_records(&self, scores: Scores<'_>, out: &mut Vec<u8>) -> Result<(), TooLong> {
        /// Twice what SageMaker passes on.
        const LONGEST: usize = 50 << 20;
        let mut written = Vec::new();
        for row in scores.rows() {
            for key in &self.ordered {
                written.extend_from_slice(&Record::label(key, |values| {
                    self.part(key, row).each(|number| values.push(number));
                }));
            }
            if out.len() + written.len() > LONGEST {
                return Err(TooLong);
            }
            recordio::write(&written, out);
        }
        Ok(())
    }

    fn write_object(&self, row: &[f32], out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, key) in self.ordered.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            write_json_string(key, out);
            out.extend_from_slice(b": ");
            self.part(key, row).write(write_json_float, out);
        }
        out.push(b'}');
    }
}

impl Objective {
    fn has(self, key: &str) -> bool {
        match self {
            Self::Value => key == "predicted_score",
            Self::Probability | Self::Probabilities => KEYS[..OF_PROBABILITIES].contains(&key),
            Self::Margin | Self::Label => {
                matches!(key, "predicted_label" | "labels" | "raw_score" | "raw_scores")
            }
        }
    }
}

impl Part<'_> {
    const fn is_list(&self) -> bool {
        matches!(self, Self::Integers(_) | Self::Pair(_) | Self::Numbers(_))
    }

    fn write(&self, number: fn(f64, &mut Vec<u8>), out: &mut Vec<u8>) {
        let integer = |integer: usize, out: &mut Vec<u8>| {
            out.extend_from_slice(itoa::Buffer::new().format(integer).as_bytes());
        };
        match *self {
            Self::Nothing => number(f64::NAN, out),
            Self::Integer(of) => integer(of, out),
            Self::Number(of) => number(of, out),
            Self::Pair(of) => write_list(of.into_iter(), number, out),
            Self::Numbers(of) => write_list(of.iter().map(|&of| of.into()), number, out),
            Self::Integers(of) => {
                out.push(b'[');
                for index in 0..of {
                    if index > 0 {
                        out.extend_from_slice(b", ");
                    }
                    integer(index, out);
                }
                out.push(b']');
            }
        }
    }

    /// Gives its numbers in float32.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "records hold float32"
    )]
    fn each(&self, mut give: impl FnMut(f32)) {
        match *self {
            Self::Nothing => give(f32::NAN),
            Self::Integer(of) => give(of as f32),
            Self::Number(of) => give(of as f32),
            Self::Pair(of) => of.into_iter().for_each(|of| give(of as f32)),
            Self::Numbers(of) => of.iter().for_each(|&of| give(of)),
            Self::Integers(of) => (0..of).for_each(|of| give(of as f32)),
        }
    }
}

/// The place of the first greatest number.
fn greatest(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, at| if row[at] > row[best] { at } else { best })
}
