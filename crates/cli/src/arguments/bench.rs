//! What can be said to `hotplate bench`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum, ValueHint};
use hotplate_codec::Format;

use super::format;
use crate::runs_on::RunsOn;

/// Measure how much a model or a server can take, and how late its answers get on the way there.
///
/// TARGET is a model, which is asked in process, or the URL of a server. Without --rate, --rates and
/// --concurrency this takes a minute: it measures how much the target answers at most, asks at rates
/// from a tenth of that upward, and says where the knee is, the highest rate that the target holds.
///
/// Requests are due at times that were drawn before (an open loop), and latency runs from when a
/// request was due, not from when it could be sent. A server that stops for 100 ms makes every
/// request late that was due meanwhile, and each is counted; a closed loop (--concurrency), which
/// sends when the answer before has come, sees only one. --self-test shows the difference.
#[derive(Args, Debug)]
#[command(after_help = "\
A rate is held when 99 % of it is answered, and 99 % of the requests within --slo. Where that is
not said, it is twenty times the median latency at the lowest rate, and at least a millisecond.

What the table says of each rate:
  asked        requests a second that were due
  answered     requests a second that were answered in time to count
  p50 .. max   latency from when a request was due
  late         p99 of how late requests were sent for the generator's own fault; it is part of the
               latency: where it is as large, the machine is too busy for the figures to be good
Requests that could not be sent before the end count with the time that they had waited.

To measure a server on its own machine costs it the processor that the generator takes. Two
machines tell what clients will see.

Exit codes: 0 measured; 1 failed, or with --slo no rate was held; 2 wrong usage.

With --json, keys stay what they are from version to version, and new ones may come:
  hotplate, command, started_at   version, words and time (UTC) of the run
  target        kind (model or url), name, and of a model file, sha256, backend, device, instances,
                golden_rows; of a url is_local, and in server what it says of itself at /ping
  machine       of the generator: cpu, cores, quota_cores, memory_bytes, os, kernel
  rows          source, requests (different ones), rows_per_request, content_type
  checked       what was made sure of before timing
  settings      arrivals, seed, callers, duration_seconds, warm_up_seconds
  limits        achieved, quantile, latency_ns, and whether the latency was asked_for
  capacity      the closed loop before the rates; null where there was none
  runs          one for each rate, or for --concurrency
  knee          run (counted from 0), requests_per_second, predictions_per_second, and with
                --price-per-hour cost_per_million_predictions; null where no rate was held
Of each run: requested_per_second (null in a closed loop), answered_per_second, held, broken
(unanswered, achieved or latency; null where held), answered, refused, failed, unsent, failures
(reason, count), latency and late (count, and in nanoseconds mean, min, p50, p90, p99, p99_9, max),
histogram (from_ns, to_ns, count), and slices, second by second (from_seconds, seconds, count,
p50_ns, p99_ns, max_ns).

Examples:
  hotplate bench models/churn                               capacity and knee, in process
  hotplate bench http://127.0.0.1:8080 --model models/churn
                                                            of a server, with the model's golden rows
  hotplate bench http://10.0.0.7:8080/invocations --rows rows.csv --rates 1000,2000,4000 --slo 5ms
  hotplate bench models/churn --report churn.html --price-per-hour 0.0832
                                                            a page with plots and the cost
  hotplate bench models/churn --rate 50000 --duration 60s   one rate, for a minute
  hotplate bench --self-test                                would a stop of 100 ms be seen?")]
pub(crate) struct Bench {
    /// A model file, a model folder, or http://HOST:PORT/PATH [default path: /invocations]
    #[arg(required_unless_present = "self_test", value_hint = ValueHint::AnyPath)]
    pub(crate) target: Option<String>,

    /// Ask at this rate only, in requests a second
    #[arg(long, value_name = "R", value_parser = rate, conflicts_with_all = ["rates", "concurrency"])]
    pub(crate) rate: Option<f64>,

    /// Ask at each of these rates, in requests a second [default: from a tenth of the capacity, until
    /// two are not held]
    #[arg(
        long,
        value_name = "A,B,..",
        value_delimiter = ',',
        value_parser = rate,
        conflicts_with = "concurrency"
    )]
    pub(crate) rates: Vec<f64>,

    /// Ask in a closed loop of so many callers, as fast as answers come
    #[arg(long, value_name = "N", conflicts_with = "callers")]
    pub(crate) concurrency: Option<usize>,

    /// How requests are spread over time: as from many independent clients, or at equal distances
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Spread::Poisson)]
    pub(crate) arrivals: Spread,

    /// How long each rate is measured, such as 10s, 500ms or 2m
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "5s")]
    pub(crate) duration: Duration,

    /// How long each rate is asked before it is measured
    #[arg(long, value_name = "TIME", value_parser = time_or_none, default_value = "1s")]
    pub(crate) warm_up: Duration,

    /// Connections, or threads that call a model: the most requests under way at once [default: 8
    /// connections; in process as many as can run the model at once]
    #[arg(long, visible_alias = "connections", value_name = "N")]
    pub(crate) callers: Option<usize>,

    /// Latency within which 99 % of the requests must be answered for a rate to be held, such as 5ms
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) slo: Option<Duration>,

    /// File of rows that are sent in turn, or - for standard input [default: golden.csv in the
    /// model's folder, else rows made from the model's signature]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rows: Option<PathBuf>,

    /// csv, json or jsonl [default: by the file's ending, else csv]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub(crate) rows_format: Option<Format>,

    /// Pass over columns that the model does not have, such as an identifier or the target
    #[arg(long)]
    pub(crate) ignore_unknown_columns: bool,

    /// How many rows a request has
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) rows_per_request: usize,

    /// The model behind the URL: where rows come from, and what answers are compared with
    #[arg(long, value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: Option<PathBuf>,

    /// csv, json or jsonl: how rows are sent to a URL [default: as the file has them, else json]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub(crate) content_type: Option<Format>,

    /// What Poisson arrivals and rows from a signature are drawn with
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// What the machine costs an hour, for the cost of a million predictions at the knee
    #[arg(long, value_name = "PRICE", value_parser = price)]
    pub(crate) price_per_hour: Option<f64>,

    /// Write a page with plots, which needs nothing but itself
    #[arg(long, value_name = "FILE.html", value_hint = ValueHint::FilePath)]
    pub(crate) report: Option<PathBuf>,

    /// One JSON document for programs
    #[arg(long)]
    pub(crate) json: bool,

    /// Show that a stop of 100 ms is seen, and exit
    #[arg(long, exclusive = true)]
    pub(crate) self_test: bool,

    #[command(flatten)]
    pub(crate) runs_on: RunsOn,
}

/// How requests are spread over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Spread {
    Poisson,
    Constant,
}

/// The longest time that can be said: who measures for longer has misread a unit.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

fn rate(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "expected requests a second, more than 0".to_owned())
}

fn price(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "expected a price, as a number".to_owned())
}

fn time(text: &str) -> Result<Duration, String> {
    time_or_none(text).and_then(|time| match time.is_zero() {
        true => Err("expected more than no time".to_owned()),
        false => Ok(time),
    })
}

fn time_or_none(text: &str) -> Result<Duration, String> {
    let expected = || "expected a time such as 10s, 500ms, 20us or 2m".to_owned();
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(expected)?;
    let (number, unit) = text.split_at(unit);
    let seconds = match unit.trim_start() {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(expected()),
    };
    let number: f64 = number.parse().map_err(|_| expected())?;
    let time = Duration::try_from_secs_f64(number * seconds).map_err(|_| expected())?;
    if time > LONGEST { Err("expected a day at most".to_owned()) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, expected) in [
            ("10s", Duration::from_secs(10)),
            ("1.5 s", Duration::from_millis(1500)),
            ("500ms", Duration::from_millis(500)),
            ("20us", Duration::from_micros(20)),
            ("2m", Duration::from_secs(120)),
        ] {
            assert_eq!(time(text), Ok(expected), "{text}");
        }
        for text in ["", "10", "s", "ten s", "1.2.3s", "-1s", "10 parsecs"] {
            assert!(time(text).unwrap_err().contains("such as 10s"), "{text}");
        }
        assert_eq!(time("25h"), Err("expected a day at most".to_owned()));
        assert_eq!(time("0s"), Err("expected more than no time".to_owned()));
        assert_eq!(time_or_none("0s"), Ok(Duration::ZERO));
    }

    #[test]
    fn rates_are_positive_numbers() {
        assert_eq!(rate("0.5"), Ok(0.5));
        for text in ["0", "-3", "nan", "inf", "fast"] {
            assert!(rate(text).is_err(), "{text}");
        }
        assert!(price("0").is_ok() && price("-1").is_err());
    }
}
