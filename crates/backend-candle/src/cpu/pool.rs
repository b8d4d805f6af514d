//! From tokens to one row per sequence.

use crate::network::Pooling;

/// Writes one row per sequence into `out`.
///
/// `hidden` is `[tokens, width]`, of sequences laid end to end; `out` is `[sequences, stride]`, of
/// which columns `offset..offset + width` are written. A model may join several poolings side by side:
/// then the stride is their number times the width.
///
/// # Panics
///
/// When a sequence is empty, or the lengths do not add up to the tokens or do not fit `out`.
#[expect(clippy::cast_precision_loss, reason = "a sequence has fewer than 2^24 tokens")]
pub(crate) fn pool(
    hidden: &[f32],
    width: usize,
    lengths: &[usize],
    pooling: Pooling,
    out: &mut [f32],
    offset: usize,
    stride: usize,
) {
    assert_eq!(hidden.len(), lengths.iter().sum::<usize>() * width, "tokens of the sequences");
    assert_eq!(out.len(), lengths.len() * stride, "rows of the sequences");
    let mut rest = hidden;
    for (&length, out) in lengths.iter().zip(out.chunks_exact_mut(stride)) {
        assert!(length > 0, "a sequence has no token");
        let (tokens, others) = rest.split_at(length * width);
        rest = others;
        let out = &mut out[offset..][..width];
        match pooling {
            Pooling::Cls => out.copy_from_slice(&tokens[..width]),
            Pooling::LastToken => out.copy_from_slice(&tokens[tokens.len() - width..]),
            Pooling::Max => {
                out.copy_from_slice(&tokens[..width]);
                for token in tokens[width..].chunks_exact(width) {
                    out.iter_mut().zip(token).for_each(|(out, x)| *out = out.max(*x));
                }
            }
            Pooling::Mean => sum(tokens, out, length as f32),
            Pooling::MeanSqrtLen => sum(tokens, out, (length as f32).sqrt()),
            Pooling::WeightedMean => weighted_mean(tokens, out),
        }
    }
}

/// The sum of tokens, divided.
fn sum(tokens: &[f32], out: &mut [f32], divisor: f32) {
    out.fill(0.0);
    for token in tokens.chunks_exact(out.len()) {
        out.iter_mut().zip(token).for_each(|(out, x)| *out += x);
    }
    out.iter_mut().for_each(|out| *out /= divisor);
}

/// The mean of tokens, each weighed by its place.
#[expect(clippy::cast_precision_loss, reason = "a text has fewer than 2^24 tokens")]
fn weighted_mean(tokens: &[f32], out: &mut [f32]) {
    let count = tokens.len() / out.len();
    let sum = (count * (count + 1) / 2) as f32;
    out.fill(0.0);
    for (place, token) in tokens.chunks_exact(out.len()).enumerate() {
        let weight = (place + 1) as f32 / sum;
        out.iter_mut().zip(token).for_each(|(out, x)| *out += weight * x);
    }
}

/// Divides each row of `rows` by the root of the sum of its squares, or by 1e-12 if that is less.
///
/// `rows` is `[_, width]`, row-major.
///
/// # Panics
///
/// When `width` is zero.
pub(crate) fn normalize(rows: &mut [f32], width: usize) {
    for row in rows.chunks_exact_mut(width) {
        let square = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
        #[expect(clippy::cast_possible_truncation, reason = "it is a divisor of singles")]
        let root = square.sqrt().max(1e-12) as f32;
        row.iter_mut().for_each(|x| *x /= root);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poolings_are_what_they_say() {
        let hidden = [1.0, -2.0, 3.0, -4.0, 5.0, 6.0, 9.0, 8.0];
        let cases = [
            (Pooling::Cls, [1.0, -2.0, 9.0, 8.0]),
            (Pooling::Mean, [3.0, 0.0, 9.0, 8.0]),
            (Pooling::Max, [5.0, 6.0, 9.0, 8.0]),
            (Pooling::MeanSqrtLen, [9.0 / 3.0_f32.sqrt(), 0.0, 9.0, 8.0]),
            (Pooling::LastToken, [5.0, 6.0, 9.0, 8.0]),
        ];
        for (pooling, expected) in cases {
            let mut out = [7.0; 6];
            pool(&hidden, 2, &[3, 1], pooling, &mut out, 1, 3);
            let [first, second, third, fourth] = expected;
            assert_eq!(out, [7.0, first, second, 7.0, third, fourth], "{pooling:?}");
        }
    }

    #[test]
    fn later_tokens_weigh_more_in_the_weighted_mean() {
        let mut out = [7.0; 6];
        pool(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, &[2, 1], Pooling::WeightedMean, &mut out, 1, 3);
        let expected = [7.0, 7.0 / 3.0, 10.0 / 3.0, 7.0, 5.0, 6.0];
        out.iter().zip(expected).for_each(|(got, want)| assert!((got - want).abs() < 1e-6));
    }

    #[test]
    fn normal_rows_have_the_length_one_or_none() {
        let mut rows = [3.0, 4.0, 0.0, 0.0, 1e30, 0.0];
        normalize(&mut rows, 2);
        assert_eq!(rows, [0.6, 0.8, 0.0, 0.0, 1.0, 0.0]);
    }
}
