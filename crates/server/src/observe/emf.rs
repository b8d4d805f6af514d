//! CloudWatch's embedded metric format on standard output: one line for each variant and period,
//! from which CloudWatch Logs makes metrics.
//!
//! The format has values and no counts of values. A period's latencies are therefore told by up to
//! a hundred of them, each at the middle of its hundredth: averages and percentiles come out as they
//! were, while their number is told by `Invocations`.

use std::{
    io::{self, Write as _},
    sync::{
        Arc, Mutex,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use hotplate_codec::json;

use super::{
    Observer,
    buckets::{CELL, CELLS},
    loads::{Loaded, Loads, Took},
    page::Errors,
    series::{Series, locked},
    shard::{PHASES, Spread, Sums},
};

/// The most values of a metric in one line.
const MOST_VALUES: u64 = 100;

/// How long the last lines may take.
const LAST_LINES_TIME: Duration = Duration::from_secs(1);

/// What the lines say beside figures, and how often.
#[derive(Clone, Debug)]
pub(crate) struct EmfConfig {
    pub(crate) namespace: String,
    pub(crate) period: Duration,
    /// What the endpoint is called; what its models are called unless said.
    pub(crate) endpoint: Option<String>,
}

/// The thread that writes lines.
#[derive(Debug)]
pub(crate) struct Emf {
    /// Taken when the last period ends.
    stop: Option<Sender<()>>,
    thread: JoinHandle<()>,
}

impl Emf {
    pub(crate) fn start(config: EmfConfig, observer: &Observer) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let mut periods = Periods::new(config, observer);
        let thread = thread::Builder::new().name("hotplate-emf".to_owned()).spawn(move || {
            loop {
                let stops = stopped.recv_timeout(periods.config.period);
                let lines = periods.lines(SystemTime::now());
                let mut out = io::stdout().lock();
                let written = out.write_all(&lines).and_then(|()| out.flush());
                if stops != Err(RecvTimeoutError::Timeout) || written.is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread })
    }
}

impl Drop for Emf {
    /// Ends the last period, but does not wait for a reader that is stuck.
    fn drop(&mut self) {
        drop(self.stop.take());
        let start = Instant::now();
        while !self.thread.is_finished() && start.elapsed() < LAST_LINES_TIME {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// What the last period ended with.
#[derive(Debug)]
struct Periods {
    config: EmfConfig,
    table: Arc<Mutex<Vec<Arc<Series>>>>,
    loaded: Arc<Loaded>,
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    series: Arc<Series>,
    sums: Sums,
    errors: Errors,
    loads: Loads,
}

impl Periods {
    fn new(config: EmfConfig, observer: &Observer) -> Self {
        let (table, loaded) = (Arc::clone(&observer.table), Arc::clone(&observer.loaded));
        Self { config, table, loaded, known: Vec::new() }
    }

    /// The lines of the period that ends now, of variants that were asked, came or went in it; and
    /// where models come and go, how many there are.
    fn lines(&mut self, now: SystemTime) -> Vec<u8> {
        for series in &*locked(&self.table) {
            if !self.known.iter().any(|known| Arc::ptr_eq(&known.series, series)) {
                let (sums, errors) = (Sums::default(), Errors::default());
                let (series, loads) = (Arc::clone(series), Loads::default());
                self.known.push(Known { series, sums, errors, loads });
            }
        }
        let mut lines = Vec::new();
        for known in &mut self.known {
            let Known { series, sums, errors, loads } = known;
            let (sums_now, errors_now) = (series.sums(), Errors::of(series));
            let earlier = std::mem::replace(sums, sums_now);
            let errors_before = std::mem::replace(errors, errors_now);
            let loads_now = *series.loads();
            let loads_before = std::mem::replace(loads, loads_now.unwrap_or_default());
            let asked = sums.answered + errors.client + errors.server;
            let asked_before = earlier.answered + errors_before.client + errors_before.server;
            let period = Period {
                loading: loads.loading.since(loads_before.loading),
                unloading: loads.unloading.since(loads_before.unloading),
                hits: loads_now
                    .map(|loads| loads.hits(asked).saturating_sub(loads_before.hits(asked_before))),
                loaded: self.loaded.count().filter(|_| series.model.is_empty()),
                answered: sums.answered - earlier.answered,
                client_errors: errors.client - errors_before.client,
                server_errors: errors.server - errors_before.server,
                rows: sums.rows - earlier.rows,
                total: sums.total.since(&earlier.total),
                phases: std::array::from_fn(|phase| {
                    sums.phases[phase].since(&earlier.phases[phase])
                }),
            };
            if !period.is_idle() {
                self.config.line(&series.model, &series.variant, now, &period, &mut lines);
            }
        }
        // Of one that was removed, this was the last period.
        self.known.retain(|known| !known.series.is_retired());
        lines
    }
}

/// What came in a period.
#[derive(Debug)]
struct Period {
    answered: u64,
    client_errors: u64,
    server_errors: u64,
    rows: u64,
    total: Spread,
    phases: [Spread; PHASES.len()],
    loading: Took,
    unloading: Took,
    /// Of a model that came: the requests that it was there for already.
    hits: Option<u64>,
    /// The models at its end.
    loaded: Option<u64>,
}

impl Period {
    const fn is_idle(&self) -> bool {
        self.answered + self.client_errors + self.server_errors == 0
            && self.loading.count + self.unloading.count == 0
            && self.loaded.is_none()
    }
}

impl EmfConfig {
    fn line(&self, model: &str, variant: &str, now: SystemTime, of: &Period, out: &mut Vec<u8>) {
        let mut metrics: Vec<(String, &str, Vec<f64>)> = Vec::new();
        let counts = [
            ("Invocations", of.answered + of.client_errors + of.server_errors),
            ("Invocation4XXErrors", of.client_errors),
            ("Invocation5XXErrors", of.server_errors),
            ("InvocationModelErrors", of.client_errors + of.server_errors),
            ("Rows", of.rows),
        ];
        let others = [("ModelCacheHit", of.hits), ("LoadedModelCount", of.loaded)];
        let others = others.into_iter().filter_map(|(name, count)| Some((name, count?)));
        for (name, count) in counts.into_iter().chain(others) {
            #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            metrics.push((name.to_owned(), "Count", vec![count as f64]));
        }
        let took = [("ModelLoadingTime", of.loading), ("ModelUnloadingTime", of.unloading)];
        for (name, took) in took.into_iter().filter(|(_, took)| took.count > 0) {
            #[expect(clippy::cast_precision_loss, reason = "a model comes once, or a few times")]
            let mean = took.seconds() * 1e6 / took.count as f64;
            metrics.push((name.to_owned(), "Microseconds", vec![mean]));
        }
        let phases = PHASES.into_iter().zip(&of.phases).map(|(phase, spread)| {
            let (first, rest) = phase.split_at(1);
            (format!("{}{rest}Latency", first.to_ascii_uppercase()), spread)
        });
        for (name, spread) in [("ModelLatency".to_owned(), &of.total)].into_iter().chain(phases) {
            let values = middles(spread);
            if !values.is_empty() {
                metrics.push((name, "Microseconds", values));
            }
        }

        let millis = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        out.extend_from_slice(b"{\"_aws\":{\"Timestamp\":");
        out.extend_from_slice(millis.to_string().as_bytes());
        out.extend_from_slice(b",\"CloudWatchMetrics\":[{\"Namespace\":");
        json::write_string(out, &self.namespace);
        let sets: &[u8] = match self.endpoint {
            Some(_) => {
                b"[\"EndpointName\",\"VariantName\"],[\"EndpointName\",\"VariantName\",\"ModelName\"]"
            }
            None => b"[\"EndpointName\",\"VariantName\"]",
        };
        out.extend_from_slice(b",\"Dimensions\":[");
        out.extend_from_slice(sets);
        out.extend_from_slice(b"],\"Metrics\":[");
        // Finer than minutes is only to be had as seconds.
        let resolution = if self.period < Duration::from_secs(60) { "1" } else { "60" };
        for (index, (name, unit, _)) in metrics.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let metric = format!(
                "{comma}{{\"Name\":\"{name}\",\"Unit\":\"{unit}\",\
                 \"StorageResolution\":{resolution}}}"
            );
            out.extend_from_slice(metric.as_bytes());
        }
        out.extend_from_slice(b"]}]}");
        // A dimension's value must not be empty.
        let or_none =
            |name: &str| if name.is_empty() { "None".to_owned() } else { name.to_owned() };
        let endpoint = self.endpoint.clone().unwrap_or_else(|| or_none(model));
        let names = [
            ("EndpointName", endpoint),
            ("VariantName", or_none(variant)),
            ("ModelName", or_none(model)),
        ];
        for (name, value) in names {
            out.extend_from_slice(format!(",\"{name}\":").as_bytes());
            json::write_string(out, &value);
        }
        for (name, _, values) in &metrics {
            let values: Vec<String> = values.iter().map(|value| format!("{value:.3}")).collect();
            let values = match &values[..] {
                [only] => only.clone(),
                several => format!("[{}]", several.join(",")),
            };
            out.extend_from_slice(format!(",\"{name}\":{values}").as_bytes());
        }
        out.extend_from_slice(b"}\n");
    }
}

/// The middles of up to a hundred equal shares of the times, in microseconds.
#[expect(clippy::cast_precision_loss, reason = "times of requests are short")]
fn middles(spread: &Spread) -> Vec<f64> {
    let count = spread.count();
    let shares = count.min(MOST_VALUES);
    let (mut cell, mut below) = (0, 0);
    (0..shares)
        .map(|share| {
            // Which of the times, in order, is at the middle of this share.
            let middle = (2 * share + 1) as f64 / (2 * shares) as f64 * count as f64;
            while cell + 1 < CELLS && ((below + spread.counts[cell]) as f64) < middle {
                below += spread.counts[cell];
                cell += 1;
            }
            let (from, to) = CELL.range(cell);
            let within = (middle - below as f64) / spread.counts[cell].max(1) as f64;
            (from as f64 + (to - from) as f64 * within) / 1e3
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{super::shard::Answered, *};

    fn periods(endpoint: Option<&str>) -> (Observer, Periods) {
        let observer = Observer::default();
        let config = EmfConfig {
            namespace: "Hotplate".to_owned(),
            period: Duration::from_secs(60),
            endpoint: endpoint.map(str::to_owned),
        };
        let periods = Periods::new(config, &observer);
        (observer, periods)
    }

    fn lines(periods: &mut Periods) -> Vec<Value> {
        let lines = periods.lines(UNIX_EPOCH + Duration::from_millis(1_700_000_000_123));
        lines
            .split_inclusive(|&byte| byte == b'\n')
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    #[test]
    fn each_period_has_a_line_for_each_variant_that_was_asked() {
        let (observer, mut periods) = periods(None);
        let recorder = observer.recorder("churn", "blue", true);
        assert!(lines(&mut periods).is_empty());
        for i in 0..1000 {
            let (total, phases) = (1000 * (i + 1), Some([100, 0, 1000 * i, 100]));
            let answered = Answered { rows: 2, request_bytes: 1, reply_bytes: 1, total, phases };
            recorder.count(&answered);
        }
        recorder.fail(400, "wrong_type", 1000);
        let line = &lines(&mut periods)[..];
        let [line] = line else { panic!("{line:?}") };
        let about = &line["_aws"];
        assert_eq!(about["Timestamp"], 1_700_000_000_123_u64);
        let about = &about["CloudWatchMetrics"][0];
        assert_eq!(about["Dimensions"], serde_json::json!([["EndpointName", "VariantName"]]));
        assert_eq!(
            (&line["EndpointName"], &line["VariantName"]),
            (&"churn".into(), &"blue".into())
        );
        let metrics = about["Metrics"].as_array().unwrap();
        assert!(metrics.len() <= 100);
        for metric in metrics {
            assert_eq!(metric["StorageResolution"], 60);
            let values = &line[metric["Name"].as_str().unwrap()];
            let values = values.as_array().cloned().unwrap_or_else(|| vec![values.clone()]);
            assert!((1..=100).contains(&values.len()) && values.iter().all(Value::is_number));
        }
        let number = |name: &str| line[name].as_f64().unwrap();
        assert_eq!((number("Invocations"), number("Rows")), (1001.0, 2000.0));
        assert_eq!((number("Invocation4XXErrors"), number("Invocation5XXErrors")), (1.0, 0.0));
        let latency: Vec<f64> =
            line["ModelLatency"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        let mean = latency.iter().sum::<f64>() / latency.len() as f64;
        assert!((mean / 500.0 - 1.0).abs() < 0.05, "{mean}");
        assert!(latency.is_sorted() && (latency[89] / 895.0 - 1.0).abs() < 0.1, "{latency:?}");
        assert!(lines(&mut periods).is_empty(), "nothing came since");
    }

    #[test]
    fn models_that_come_and_go_are_told_of() {
        let (observer, mut periods) = periods(Some("prod"));
        observer.came("churn", "AllTraffic", Duration::from_millis(3), 1);
        let now = lines(&mut periods);
        assert_eq!(now[0]["LoadedModelCount"], 1.0);
        assert_eq!(
            (&now[1]["ModelName"], &now[1]["ModelCacheHit"]),
            (&"churn".into(), &0.0.into())
        );
        assert_eq!(now[1]["ModelLoadingTime"], 3000.0);
        assert!(now[1]["ModelUnloadingTime"].is_null() && now[1]["LoadedModelCount"].is_null());
        let recorder = observer.recorder("churn", "AllTraffic", true);
        (0..4).for_each(|_| recorder.fail(400, "wrong_type", 10));
        assert_eq!(lines(&mut periods)[1]["ModelCacheHit"], 3.0);
        recorder.fail(400, "wrong_type", 10);
        observer.went("churn", "AllTraffic", Duration::from_micros(7), 0);
        let now = lines(&mut periods);
        assert_eq!(now[0]["LoadedModelCount"], 0.0);
        assert_eq!(
            (&now[1]["ModelUnloadingTime"], &now[1]["ModelCacheHit"]),
            (&7.0.into(), &1.0.into())
        );
        assert_eq!(lines(&mut periods).len(), 1, "how many there are");
    }

    #[test]
    fn endpoint_of_several_models_has_a_dimension_for_them() {
        let (observer, mut periods) = periods(Some("prod"));
        observer.refuse(None, 404, "not_found");
        observer.recorder("churn", "AllTraffic", true).fail(500, "internal", 10);
        let lines = lines(&mut periods);
        assert_eq!(lines.len(), 2);
        for (line, model) in lines.iter().zip(["None", "churn"]) {
            assert_eq!(
                (&line["EndpointName"], &line["ModelName"]),
                (&"prod".into(), &model.into())
            );
            let sets = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"].as_array().unwrap();
            assert_eq!(sets.len(), 2);
        }
    }
}
