//! What SageMaker's container of XGBoost makes of the predictions of several boosters.

use hotplate_model::{Signature, Task};

/// What a booster's predictions are, in the outputs of our models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predictions {
    /// Numbers, whose mean is taken; so many in the list of a row.
    Means(usize),
    /// Labels, or numbers that are, which vote.
    Votes,
}

impl Predictions {
    /// Of models of the signature's objective. All models of the container are XGBoost's; others
    /// are averaged.
    pub(super) fn of(signature: &Signature) -> Self {
        match (signature.objective(), signature.task()) {
            (Some("multi:softmax" | "binary:hinge"), _) => Self::Votes,
            (Some("multi:softprob"), Task::Classifier { classes, .. }) => {
                Self::Means(classes.len())
            }
            // Of two probabilities that are made of one number, the container sees the second.
            (_, Task::Classifier { classes, .. }) if classes.len() == 2 => Self::Means(1),
            (_, Task::Classifier { classes, .. }) => Self::Means(classes.len()),
            (_, Task::Regressor { .. }) => Self::Means(1),
            _ => Self::Means(usize::MAX),
        }
    }
}

/// Writes the mean of what the models say, whose numbers lie one model behind the other.
///
/// `alone` says that a model predicts a single number: numpy then adds up along the models in pairs,
/// else row by row.
#[expect(clippy::cast_precision_loss, reason = "numpy divides by the count in float32 as well")]
pub(super) fn write_means(given: &[f32], models: usize, alone: bool, means: &mut [f32]) {
    let width = means.len();
    let mut column = Vec::with_capacity(models);
    for (at, mean) in means.iter_mut().enumerate() {
        column.clear();
        column.extend(given.iter().skip(at).step_by(width.max(1)));
        let sum = if alone { in_pairs(&column) } else { in_turn(&column) };
        *mean = sum / models as f32;
    }
}

fn in_turn(numbers: &[f32]) -> f32 {
    numbers.iter().copied().reduce(|sum, number| sum + number).unwrap_or_default()
}

/// The sum as numpy's pairwise summation rounds it.
fn in_pairs(numbers: &[f32]) -> f32 {
    const LANES: usize = 8;
    const BLOCK: usize = 128;
    if numbers.len() < LANES {
        return in_turn(numbers);
    }
    if numbers.len() > BLOCK {
        let half = numbers.len() / 2 / LANES * LANES;
        return in_pairs(&numbers[..half]) + in_pairs(&numbers[half..]);
    }
    let (octets, rest) = numbers.as_chunks::<LANES>();
    let mut sums = octets[0];
    for octet in &octets[1..] {
        sums.iter_mut().zip(octet).for_each(|(sum, number)| *sum += number);
    }
    let [a, b, c, d, e, f, g, h] = sums;
    let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    rest.iter().fold(sum, |sum, number| sum + number)
}

/// Writes what most models say, the least number on a tie.
pub(super) fn write_modes(given: &[f32], models: usize, modes: &mut [f32]) {
    let width = modes.len();
    let mut column = Vec::with_capacity(models);
    for (at, mode) in modes.iter_mut().enumerate() {
        column.clear();
        column.extend(given.iter().skip(at).step_by(width.max(1)).copied());
        column.sort_by(f32::total_cmp);
        let mut most = 0;
        for same in column.chunk_by(|a, b| a == b) {
            if same.len() > most {
                (most, *mode) = (same.len(), same[0]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_rounded_as_numpy_rounds_them() {
        // What `np.mean` of twelve such arrays gives for one number, and for two.
        let given: Vec<f32> = (0..12_u8).map(|nth| 0.1 + f32::from(nth) * 0.013).collect();
        let mut mean = [0.0];
        write_means(&given, 12, true, &mut mean);
        assert_eq!(mean, [in_pairs(&given) / 12.0]);
        let twice: Vec<f32> = given.iter().flat_map(|&number| [number, number]).collect();
        let mut means = [0.0; 2];
        write_means(&twice, 12, false, &mut means);
        assert_eq!(means, [in_turn(&given) / 12.0; 2]);
        assert_ne!(mean[0], means[0]);
    }

    #[test]
    fn least_of_the_most_frequent_wins() {
        let mut modes = [0.0; 2];
        write_modes(&[2.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0, 1.0], 4, &mut modes);
        assert_eq!(modes, [0.0, 1.0]);
    }
}
