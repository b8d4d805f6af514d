//! The plots of a page.

use std::time::Duration;

use anyhow::Result;
use hotplate_load::{Latencies, Measured};

use super::plot::{Axis, LINES, Mark, Series, draw};
use crate::bench::{
    runs::Report,
    units::{rate, time},
};

/// The percentiles that are drawn against the rate, and what they are called.
const QUANTILES: [(f64, &str); 4] = [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9")];

/// Buckets of a histogram for each doubling of the latency.
const PER_DOUBLING: u32 = 6;

/// The least share of requests that a histogram and a percentile plot show.
const RAREST: f64 = 1e-5;

/// A plot with its words.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) title: &'static str,
    pub(super) told: String,
    /// The lines by name, in the order of their colours.
    pub(super) lines: Vec<String>,
    pub(super) svg: String,
}

/// The plots that a report has something to show in.
///
/// # Errors
///
/// When one cannot be drawn.
pub(super) fn of(report: &Report) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    if report.runs.len() > 1 {
        figures.push(against_rate(report)?);
        figures.push(achieved(report)?);
    }
    figures.push(percentiles(report)?);
    figures.push(histogram(report)?);
    figures.push(seconds(report)?);
    Ok(figures)
}

/// The runs that are shown whole: the one at the knee and the one at half of it.
fn shown(report: &Report) -> Vec<(String, &Measured)> {
    let named = |what: &str, run: usize| {
        let measured = &report.runs[run];
        let name = match measured.requested {
            Some(requested) => format!("{what}{}/s", rate(requested)),
            None => "closed loop".to_owned(),
        };
        (name, measured)
    };
    let at_knee = if report.knee().is_some() { "at the knee, " } else { "" };
    let main = named(at_knee, report.main());
    let half = report.half().map(|half| named("at about half of it, ", half));
    [Some(main), half].into_iter().flatten().collect()
}

/// Runs by rising rate.
fn by_rate(report: &Report) -> Vec<&Measured> {
    let mut runs: Vec<&Measured> = report.runs.iter().collect();
    let rate = |run: &Measured| run.requested.unwrap_or_default();
    runs.sort_by(|one, other| rate(one).total_cmp(&rate(other)));
    runs
}

fn against_rate(report: &Report) -> Result<Figure> {
    let runs = by_rate(report);
    let asked = |run: &Measured| run.requested.unwrap_or_default();
    let series: Vec<Series> = QUANTILES
        .iter()
        .zip(LINES)
        .map(|(&(quantile, _), colour)| {
            let point = |run: &&Measured| (asked(run), seconds_of(run.latency.quantile(quantile)));
            Series::line(colour, runs.iter().map(point).collect())
        })
        .collect();
    let mut marks = Vec::new();
    if let Some(limits) = &report.limits {
        marks.push(Mark::Level(
            limits.latency.as_secs_f64(),
            format!("limit of p99: {}", time(limits.latency)),
        ));
    }
    if let Some(knee) = report.knee() {
        marks.push(Mark::At(asked(&report.runs[knee]), "knee".to_owned()));
    }
    let limit = report.limits.map(|limits| limits.latency.as_secs_f64());
    let heights = series.iter().flat_map(|line| line.points.iter().map(|&(_, y)| y)).chain(limit);
    let most = runs.iter().map(|run| asked(run)).fold(0.0, f64::max);
    let svg = draw(
        &Axis { title: "requests a second", range: 0.0..1.05 * most, is_log: false, label: &rate },
        &Axis { title: "latency", range: around(heights), is_log: true, label: &duration },
        &series,
        &marks,
    )?;
    Ok(Figure {
        title: "Latency against rate",
        told: "From when a request was due. The knee is the highest rate that was held.".to_owned(),
        lines: QUANTILES.map(|(_, name)| name.to_owned()).to_vec(),
        svg,
    })
}

fn achieved(report: &Report) -> Result<Figure> {
    let runs = by_rate(report);
    let points: Vec<_> =
        runs.iter().map(|run| (run.requested.unwrap_or_default(), run.rate())).collect();
    let most = points.iter().fold(0.0, |most: f64, &(x, y)| most.max(x).max(y));
    let range = 0.0..1.05 * most;
    let mut marks = vec![Mark::Diagonal];
    if let Some(capacity) = &report.capacity
        && capacity.rate() < range.end
    {
        let word = format!("closed loop: {}/s", rate(capacity.rate()));
        marks.push(Mark::Level(capacity.rate(), word));
    }
    let svg = draw(
        &Axis { title: "asked a second", range: range.clone(), is_log: false, label: &rate },
        &Axis { title: "answered a second", range, is_log: false, label: &rate },
        &[Series::line(LINES[0], points)],
        &marks,
    )?;
    let told = "On the dashed diagonal all that was asked is answered in time.".to_owned();
    Ok(Figure { title: "What is answered", told, lines: Vec::new(), svg })
}

fn percentiles(report: &Report) -> Result<Figure> {
    let shown = shown(report);
    let series: Vec<Series> = shown
        .iter()
        .zip(LINES)
        .map(|((_, run), colour)| {
            let points = tails(run.latency.count())
                .map(|tail| (1.0 / tail, seconds_of(run.latency.quantile(1.0 - tail))));
            Series { dotted: false, ..Series::line(colour, points.collect()) }
        })
        .collect();
    let rarest = series.iter().flat_map(|line| line.points.iter().map(|&(x, _)| x));
    let rarest = rarest.fold(10.0, f64::max);
    let heights = series.iter().flat_map(|line| line.points.iter().map(|&(_, y)| y));
    let svg = draw(
        &Axis { title: "percentile", range: 1.0..rarest, is_log: true, label: &percentile },
        &Axis { title: "latency", range: around(heights), is_log: true, label: &duration },
        &series,
        &[],
    )?;
    let told = "How late the slowest requests were: one in ten from p90 on, one in a hundred from \
                p99 on.";
    let lines = shown.into_iter().map(|(name, _)| name).collect();
    Ok(Figure { title: "Latency by percentile", told: told.to_owned(), lines, svg })
}

/// The shares of the slowest requests that are looked at, from all to one.
fn tails(count: u64) -> impl Iterator<Item = f64> {
    let rarest = (1.0 / count.max(1) as f64).max(RAREST);
    (0..=60).map(move |step| rarest.powf(f64::from(step) / 60.0))
}

fn histogram(report: &Report) -> Result<Figure> {
    let shown = shown(report);
    let series: Vec<Series> = shown
        .iter()
        .zip(LINES)
        .map(|((_, run), colour)| Series {
            colour,
            points: steps(&run.latency),
            filled: true,
            dotted: false,
        })
        .collect();
    let points = || series.iter().flat_map(|line| line.points.iter().copied());
    let most = points().map(|(_, share)| share).fold(0.0, f64::max);
    let svg = draw(
        &Axis {
            title: "latency",
            range: around(points().map(|(latency, _)| latency)),
            is_log: true,
            label: &duration,
        },
        &Axis {
            title: "share of the requests",
            range: 0.0..1.1 * most,
            is_log: false,
            label: &|share| format!("{:.0} %", 100.0 * share),
        },
        &series,
        &[],
    )?;
    let told = format!("Each step is a {PER_DOUBLING}th of a doubling wide.");
    let lines = shown.into_iter().map(|(name, _)| name).collect();
    Ok(Figure { title: "Histogram of the latency", told, lines, svg })
}

/// The outline of a histogram, as shares.
fn steps(latency: &Latencies) -> Vec<(f64, f64)> {
    let all = latency.count() as f64;
    let mut points = Vec::new();
    for bucket in latency.buckets(PER_DOUBLING) {
        let share = bucket.count as f64 / all;
        points.push((seconds_of(bucket.from), share));
        points.push((seconds_of(bucket.to), share));
    }
    // Down to the axis on both sides.
    let ends = [points.first().copied(), points.last().copied()].map(|end| Some((end?.0, 0.0)));
    ends[0].into_iter().chain(points).chain(ends[1]).collect()
}

fn seconds(report: &Report) -> Result<Figure> {
    let run = &report.runs[report.main()];
    let names = ["p50", "p99", "max"];
    let series: Vec<Series> = [0.5, 0.99, 1.0]
        .into_iter()
        .zip(LINES)
        .map(|(quantile, colour)| {
            let slices = run.slices.iter().filter(|slice| slice.latency.count() > 0);
            let points = slices.map(|slice| {
                let middle = slice.from + slice.length / 2;
                (middle.as_secs_f64(), seconds_of(slice.latency.quantile(quantile)))
            });
            Series::line(colour, points.collect())
        })
        .collect();
    let heights = series.iter().flat_map(|line| line.points.iter().map(|&(_, y)| y));
    let svg = draw(
        &Axis {
            title: "seconds",
            range: 0.0..run.window.as_secs_f64(),
            is_log: false,
            label: &|second| format!("{second:.1}"),
        },
        &Axis { title: "latency", range: around(heights), is_log: true, label: &duration },
        &series,
        &[],
    )?;
    let which = match (run.requested, report.knee()) {
        (Some(requested), Some(_)) => format!("At the knee, {}/s.", rate(requested)),
        (Some(requested), None) => format!("At {}/s.", rate(requested)),
        (None, _) => "In the closed loop.".to_owned(),
    };
    let told = format!("{which} A stop stands out in the greatest latency of its second.");
    Ok(Figure { title: "Second by second", told, lines: names.map(str::to_owned).to_vec(), svg })
}

/// A range of whole decades around the values, on a logarithmic axis.
fn around(values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
    let (least, most) = values
        .filter(|value| *value > 0.0)
        .fold((f64::INFINITY, 0.0_f64), |(least, most), value| (least.min(value), most.max(value)));
    if least > most {
        return 1e-6..1e-3;
    }
    // Halfway up a decade is near enough where a whole one would be mostly empty.
    let down = 10_f64.powf((2.0 * least.log10()).floor() / 2.0);
    let up = 10_f64.powf((2.0 * most.log10()).ceil() / 2.0);
    if down < up { down..up } else { down..10.0 * down }
}

/// Nothing takes less than a nanosecond on a logarithmic axis.
fn seconds_of(time: Duration) -> f64 {
    time.max(Duration::from_nanos(1)).as_secs_f64()
}

fn duration(seconds: f64) -> String {
    Duration::try_from_secs_f64(seconds).map(time).unwrap_or_default()
}

/// Of one in so many: `p99` of one in a hundred.
fn percentile(one_in: f64) -> String {
    let percent = 100.0 * (1.0 - 1.0 / one_in);
    let shown = format!("{percent:.3}");
    format!("p{}", shown.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_named_by_what_they_leave_out() {
        let names = [2.0, 10.0, 100.0, 1000.0, 100_000.0].map(percentile);
        assert_eq!(names, ["p50", "p90", "p99", "p99.9", "p99.999"]);
    }

    #[test]
    fn logarithmic_ranges_hold_what_they_show() {
        for values in [vec![1e-6, 2e-3], vec![5e-4], vec![1e-3], vec![]] {
            let range = around(values.iter().copied());
            assert!(range.start < range.end && range.start > 0.0, "{values:?} {range:?}");
            for value in values {
                assert!(range.start <= value && value <= range.end, "{value} {range:?}");
            }
        }
    }

    #[test]
    fn outline_begins_and_ends_on_the_axis_and_holds_every_request() {
        let mut latency = Latencies::new();
        (1..=1000).for_each(|micros| latency.record(Duration::from_micros(micros)));
        let points = steps(&latency);
        assert_eq!((points[0].1, points[points.len() - 1].1), (0.0, 0.0));
        let shares: f64 = points[1..points.len() - 1].iter().step_by(2).map(|(_, y)| y).sum();
        assert!((shares - 1.0).abs() < 1e-9);
        assert_eq!(steps(&Latencies::new()), []);
    }
}
