//! Times and rates for a person.

use std::time::Duration;

/// Three digits and a unit: `1.23 ms`.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let (number, unit) = match seconds {
        0.0 => return "0".to_owned(),
        _ if seconds < 0.999_5e-6 => (seconds * 1e9, "ns"),
        _ if seconds < 0.999_5e-3 => (seconds * 1e6, "µs"),
        _ if seconds < 0.999_5 => (seconds * 1e3, "ms"),
        _ => (seconds, "s"),
    };
    format!("{} {unit}", digits(number))
}

/// Three digits, and all in front of the point: `12,345`.
pub(super) fn rate(rate: f64) -> String {
    match rate {
        1000.0.. => grouped(rate),
        _ => digits(rate),
    }
}

/// A count with its thousands apart.
pub(super) fn count(count: u64) -> String {
    indicatif::HumanCount(count).to_string()
}

/// A word, of many unless it is one.
pub(super) fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", count(number))
}

/// Money, with as many digits as say something.
pub(super) fn money(amount: f64) -> String {
    match amount {
        0.0 => "0".to_owned(),
        1.0.. => format!("{amount:.2}"),
        _ => {
            let places = (2.0 - amount.log10().floor()).clamp(2.0, 12.0);
            #[expect(clippy::cast_possible_truncation, reason = "clamped")]
            #[expect(clippy::cast_sign_loss, reason = "clamped")]
            let places = places as usize;
            format!("{amount:.places$}")
        }
    }
}

fn digits(number: f64) -> String {
    match number {
        99.95.. => format!("{number:.0}"),
        9.995.. => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

fn grouped(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "whole, and a rate")]
    #[expect(clippy::cast_sign_loss, reason = "a rate is positive")]
    let whole = number.round() as u64;
    count(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_the_unit_that_fits() {
        for (nanoseconds, shown) in [
            (0, "0"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (12_345, "12.3 µs"),
            (999_700, "1.00 ms"),
            (123_456_789, "123 ms"),
            (3_200_000_000, "3.20 s"),
        ] {
            assert_eq!(time(Duration::from_nanos(nanoseconds)), shown);
        }
    }

    #[test]
    fn rates_and_money_are_easy_to_read() {
        assert_eq!([rate(1_234_567.8), rate(99.97), rate(0.5)], ["1,234,568", "100", "0.50"]);
        assert_eq!([money(0.000_123_4), money(0.05), money(12.3)], ["0.000123", "0.0500", "12.30"]);
        assert_eq!([counted(1, "row"), counted(1248, "row")], ["1 row", "1,248 rows"]);
    }
}
