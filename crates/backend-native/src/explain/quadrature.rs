//! Gauss-Legendre quadrature on the unit interval.

use std::f64::consts::PI;

/// Points between zero and one and their weights, by which polynomials are integrated.
#[derive(Clone, Debug)]
pub(super) struct Quadrature {
    pub(super) points: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

impl Quadrature {
    /// The rule of so many points, which is exact for polynomials of a degree below twice as many.
    ///
    /// The points are the roots of a Legendre polynomial, found by Newton's method from their
    /// asymptotic places.
    #[expect(clippy::cast_precision_loss, reason = "points are few")]
    pub(super) fn new(points: usize) -> Self {
        let count = points as f64;
        let (points, weights) = (0..points)
            .map(|nth| {
                let mut x = (PI * (nth as f64 + 0.75) / (count + 0.5)).cos();
                // Newton's method doubles the digits: of the first guess, four or so are right.
                for _ in 0..8 {
                    let (value, slope) = legendre(points, x);
                    x -= value / slope;
                }
                let (_, slope) = legendre(points, x);
                // On an interval half as long as Legendre's, and counted from its upper end.
                ((1.0 - x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
            })
            .unzip();
        Self { points, weights }
    }
}

/// The Legendre polynomial of a degree at `x`, and its slope, by Bonnet's recursion.
#[expect(clippy::cast_precision_loss, reason = "degrees are small")]
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (0.0, 1.0);
    for below in 0..degree {
        let below = below as f64;
        let next = ((2.0 * below + 1.0) * x * value - below * before) / (below + 1.0);
        (before, value) = (value, next);
    }
    (value, degree as f64 * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_below_twice_the_points_are_integrated_exactly() {
        for points in [1, 2, 4, 6, 8, 16, 40, 128] {
            let Quadrature { points: x, weights } = Quadrature::new(points);
            assert!(x.is_sorted() && x[0] > 0.0 && x[points - 1] < 1.0);
            for power in 0..2 * i32::try_from(points).unwrap() {
                let terms = x.iter().zip(&weights).map(|(x, weight)| weight * x.powi(power));
                let error = terms.sum::<f64>() * f64::from(power + 1) - 1.0;
                assert!(error.abs() < 1e-11, "{points} points, power {power}: {error}");
            }
        }
    }
}
