//! What a server tells of its requests: metrics in both formats, headers, and captured data.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use hotplate::{OpenOptions, Registry};
use hotplate_server::{Capture, Metrics, Serve, Server, Settings};
use serde_json::{Value, json};
use support::{Client, bound, churn_row, models};

const CSV: &str = "Content-Type: text/csv\r\n";
const DISTRICT: &str = "8.3252,41,6.98,1.02,322,2.56,37.88,-122.23\n";
const ATTRIBUTES: &str = "x-amzn-sagemaker-custom-attributes";

fn housing(settings: Settings) -> Server {
    let server = bound(settings);
    let registry = Registry::open(&models().join("housing"), &OpenOptions::new());
    server.install(registry.unwrap());
    server
}

/// The value of the sample that is written so.
fn value(page: &str, sample: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {sample} in\n{page}")).parse().unwrap()
}

#[test]
fn metrics_count_requests_by_outcome_and_their_times_by_phase() {
    let server = housing(Settings::default());
    let mut client = Client::connect(server.address());
    for _ in 0..3 {
        assert_eq!(client.post("/invocations", CSV, [DISTRICT, DISTRICT].concat()).status, 200);
    }
    assert_eq!(client.post("/invocations", CSV, "1,2\n").status, 400);
    assert_eq!(client.post("/invocations", "Content-Type: image/png\r\n", "x").status, 415);
    assert_eq!(client.post("/models/other/invoke", CSV, DISTRICT).status, 404);
    // A body that goes to a thread of its own.
    assert_eq!(client.post("/invocations", CSV, DISTRICT.repeat(1000)).status, 200);
    let page = client.get("/metrics");
    let page = page.text();
    let of = r#"model="housing",variant="AllTraffic""#;
    for (sample, expected) in [
        (format!("hotplate_requests_total{{{of},status=\"200\",reason=\"\"}}"), 4.0),
        (format!("hotplate_requests_total{{{of},status=\"400\",reason=\"wrong_arity\"}}"), 1.0),
        (
            format!(
                "hotplate_requests_total{{{of},status=\"415\",reason=\"unsupported_media_type\"}}"
            ),
            1.0,
        ),
        (
            "hotplate_requests_total{model=\"\",variant=\"\",status=\"404\",\
             reason=\"unknown_model\"}"
                .to_owned(),
            1.0,
        ),
        (format!("hotplate_requests_in_flight{{{of}}}"), 0.0),
        (format!("hotplate_rows_total{{{of}}}"), 1006.0),
        (format!("hotplate_request_seconds_count{{{of}}}"), 5.0),
        (format!("hotplate_request_seconds_bucket{{{of},le=\"+Inf\"}}"), 5.0),
        (r#"Invocations{EndpointName="housing",VariantName="AllTraffic"}"#.to_owned(), 6.0),
        (r#"Invocation4XXErrors{EndpointName="housing",VariantName="AllTraffic"}"#.to_owned(), 2.0),
        (r#"Invocation5XXErrors{EndpointName="housing",VariantName="AllTraffic"}"#.to_owned(), 0.0),
        (r#"ModelLatency_count{EndpointName="housing",VariantName="AllTraffic"}"#.to_owned(), 5.0),
        ("LoadedModelCount".to_owned(), 1.0),
    ] {
        assert_eq!(value(page, &sample), expected, "{sample}\n{page}");
    }
    let mut phases = 0.0;
    for phase in ["parse", "queue", "compute", "encode"] {
        let of = format!("{{{of},phase=\"{phase}\"}}");
        assert_eq!(value(page, &format!("hotplate_phase_seconds_count{of}")), 4.0);
        phases += value(page, &format!("hotplate_phase_seconds_sum{of}"));
    }
    let total = value(page, &format!("hotplate_request_seconds_sum{{{of}}}"));
    assert!(phases > 0.0 && phases <= total, "{phases} of {total}");
    let loading = r#"ModelLoadingTime{EndpointName="housing",VariantName="AllTraffic"}"#;
    assert!(value(page, loading) > 0.0);
    server.stop().unwrap();
}

#[test]
fn phases_are_timed_where_that_is_wished() {
    let server = housing(Metrics { phases: Some(false), ..Metrics::default() }.into());
    let mut client = Client::connect(server.address());
    let reply = client.post("/invocations", CSV, DISTRICT);
    assert_eq!((reply.header("server-timing"), reply.header(ATTRIBUTES)), (None, None));
    let page = client.get("/metrics");
    assert!(!page.text().contains("hotplate_phase_seconds_count"), "{}", page.text());
    // Whoever asks is told all the same.
    let headers = format!("{CSV}{ATTRIBUTES}: trace=7; timing\r\n");
    let reply = client.post("/invocations", &headers, DISTRICT);
    let timing = reply.header("server-timing").unwrap();
    let names: Vec<&str> =
        timing.split(", ").map(|phase| phase.split_once(";dur=").unwrap().0).collect();
    assert_eq!(names, ["parse", "queue", "compute", "encode", "total"], "{timing}");
    let attributes = reply.header(ATTRIBUTES).unwrap();
    let engine = hotplate::Engine::open(models().join("housing")).unwrap();
    let told = format!("model=housing; variant=AllTraffic; sha256={}; parse_us=", engine.sha256());
    assert!(attributes.starts_with(&told) && attributes.len() <= 1024, "{attributes}");
    let micros = |name: &str| {
        let value = attributes.split("; ").find_map(|part| part.strip_prefix(name)).unwrap();
        value.parse::<f64>().unwrap()
    };
    assert!(micros("compute_us=") > 0.0 && micros("total_us=") >= micros("compute_us="));
    assert_eq!(
        client.post("/invocations", &format!("{CSV}{ATTRIBUTES}: timing=x\r\n"), "").status,
        400
    );
    server.stop().unwrap();

    let server = housing(Metrics { server_timing: Some(true), ..Metrics::default() }.into());
    let reply = Client::connect(server.address()).post("/invocations", CSV, DISTRICT);
    assert!(reply.header("server-timing").is_some() && reply.header(ATTRIBUTES).is_some());
    server.stop().unwrap();
}

/// The fields of a message: their numbers, and their values as varints or bytes.
fn fields(mut bytes: &[u8]) -> Vec<(u64, u64, &[u8])> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let number = key >> 3;
        let (int, length) = match key & 7 {
            0 => (varint(&mut bytes), 0),
            1 => (u64::from_le_bytes(bytes[..8].try_into().unwrap()), 8),
            2 => (0, usize::try_from(varint(&mut bytes)).unwrap()),
            kind => panic!("wire type {kind}"),
        };
        let (value, rest) = bytes.split_at(length);
        fields.push((number, int, value));
        bytes = rest;
    }
    fields
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (&byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
    }
    unreachable!()
}

fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[test]
fn native_histograms_are_for_those_who_accept_protocol_buffers() {
    let server = housing(Settings::default());
    let mut client = Client::connect(server.address());
    for _ in 0..20 {
        assert_eq!(client.post("/invocations", CSV, DISTRICT).status, 200);
    }
    let accept = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
                  encoding=delimited;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    client.send(format!("GET /metrics HTTP/1.1\r\nHost: t\r\nAccept: {accept}\r\n\r\n").as_bytes());
    let response = client.receive();
    let content_type = response.header("content-type").unwrap();
    assert!(content_type.starts_with("application/vnd.google.protobuf"), "{content_type}");
    let mut page = &response.body[..];
    let mut kinds = Vec::new();
    let mut found = 0;
    while !page.is_empty() {
        let length = usize::try_from(varint(&mut page)).unwrap();
        let (family, rest) = page.split_at(length);
        page = rest;
        let family = fields(family);
        let text = |number| {
            let field = family.iter().find(|field| field.0 == number).unwrap();
            str::from_utf8(field.2).unwrap()
        };
        let kind = family.iter().find(|field| field.0 == 3).unwrap().1;
        kinds.push((text(1), kind));
        if text(1) != "hotplate_request_seconds" {
            continue;
        }
        found += 1;
        let metric = fields(family.iter().find(|field| field.0 == 4).unwrap().2);
        let label = fields(metric.iter().find(|field| field.0 == 1).unwrap().2);
        assert_eq!((label[0].2, label[1].2), (&b"model"[..], &b"housing"[..]));
        let histogram = fields(metric.iter().find(|field| field.0 == 7).unwrap().2);
        let of = |number| histogram.iter().filter(move |field| field.0 == number);
        let only = |number| of(number).next().unwrap().1;
        assert_eq!(only(1), 20, "sample_count");
        assert!(f64::from_bits(only(2)) > 0.0, "sample_sum");
        assert_eq!(zigzag(only(5)), 3, "schema");
        assert_eq!(f64::from_bits(only(6)), (-24.0_f64).exp2(), "zero_threshold");
        // The buckets hold all requests, and lie where these can have been: 1 us to 10 s.
        let mut index = 0;
        let mut indices = Vec::new();
        for span in of(12) {
            let span = fields(span.2);
            index += zigzag(span[0].1);
            for _ in 0..span[1].1 {
                indices.push(index);
                index += 1;
            }
        }
        let mut counts = Vec::new();
        for delta in of(13) {
            counts.push(counts.last().copied().unwrap_or_default() + zigzag(delta.1));
        }
        assert_eq!(counts.len(), indices.len());
        assert_eq!(counts.iter().sum::<i64>() + only(7).cast_signed(), 20);
        assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
        assert!(indices.iter().all(|index| (-160..=27).contains(index)), "{indices:?}");
        let classic: Vec<u64> = of(3).map(|bucket| fields(bucket.2)[0].1).collect();
        assert!(classic.is_sorted() && classic.last() == Some(&20), "{classic:?}");
    }
    assert_eq!(found, 1);
    for (name, kind) in [
        ("hotplate_requests_total", 0),
        ("hotplate_requests_in_flight", 1),
        ("ModelLatency", 2),
        ("hotplate_phase_seconds", 4),
    ] {
        assert!(kinds.contains(&(name, kind)), "{name}: {kinds:?}");
    }
    server.stop().unwrap();
}

#[test]
fn removed_model_leaves_the_page() {
    let server = bound(Settings::default());
    let registry = Registry::open(&models(), &OpenOptions::new()).unwrap();
    server.install(registry.clone());
    let mut client = Client::connect(server.address());
    assert_eq!(client.post("/models/housing/invoke", CSV, DISTRICT).status, 200);
    let sample = "hotplate_rows_total{model=\"housing\",variant=\"AllTraffic\"}";
    assert_eq!(value(client.get("/metrics").text(), sample), 1.0);
    let housing = registry.remove("housing").unwrap();
    assert_eq!(value(client.get("/metrics").text(), sample), 1.0, "once more");
    let page = client.get("/metrics");
    assert!(!page.text().contains("model=\"housing\""), "{}", page.text());
    registry.insert(hotplate::Endpoint::clone(&housing)).unwrap();
    assert_eq!(client.post("/models/housing/invoke", CSV, DISTRICT).status, 200);
    assert_eq!(value(client.get("/metrics").text(), sample), 1.0, "from zero");
    server.stop().unwrap();
}

/// The lines of all files below a folder.
fn captured(folder: &Path) -> Vec<Value> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            lines.extend(captured(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.ends_with('\n'), "{}", path.display());
            lines.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
    }
    lines
}

#[test]
fn answered_requests_are_captured_and_written_before_the_server_ends() {
    let folder = tempfile::tempdir().unwrap();
    let capture = Capture { folder: Some(folder.path().join("deep/er")), ..Capture::default() };
    let server = housing(Settings { capture, ..Settings::default() });
    let mut client = Client::connect(server.address());
    let headers = format!("{CSV}X-Amzn-SageMaker-Inference-Id: order-7\r\n");
    let reply = client.post("/invocations", &headers, DISTRICT);
    assert_eq!(client.post("/invocations", CSV, "1,2\n").status, 400);
    // One that another thread answers, and that is longer than a page.
    let long = DISTRICT.repeat(40_000);
    assert_eq!(client.post("/invocations", CSV, &long).status, 200);
    let page = client.get("/metrics").text().to_owned();
    assert!(page.contains("hotplate_capture_dropped_total{reason=\"slow\"} 0\n"), "{page}");
    server.stop().unwrap();
    let lines = captured(folder.path());
    assert_eq!(lines.len(), 2, "a request that fails is not captured");
    let line = lines.iter().find(|line| line["eventMetadata"]["inferenceId"] == "order-7").unwrap();
    let expected = json!({
        "endpointInput": {
            "observedContentType": "text/csv", "mode": "INPUT", "data": DISTRICT, "encoding": "CSV",
        },
        "endpointOutput": {
            "observedContentType": "application/json", "mode": "OUTPUT", "data": reply.text(),
            "encoding": "JSON",
        },
    });
    assert_eq!(line["captureData"], expected);
    let data = |line: &Value| line["captureData"]["endpointInput"]["data"].to_string().len();
    assert!(lines.iter().any(|line| data(line) > long.len()));
}

#[test]
fn folder_that_cannot_be_written_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let serve = Serve { host: Some("127.0.0.1".into()), port: Some(0), ..Serve::default() };
    let capture = Capture { folder: Some(file.clone()), ..Capture::default() };
    let settings = Settings { serve, capture, ..Settings::default() };
    let error = Server::bind(&settings.into_config().unwrap()).unwrap_err().to_string();
    let expected = format!("data cannot be captured in {}: ", file.display());
    assert!(error.starts_with(&expected) && error.contains("--capture-folder"), "{error}");
}

/// A disk that is mounted until this is dropped.
struct Mounted<'f>(&'f Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

/// Mounted where that is allowed; else the quota of the unit tests has to do.
#[cfg(target_os = "linux")]
#[test]
fn disk_that_is_full_harms_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(folder.path())
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        eprintln!("not run: a disk cannot be mounted here");
        return;
    }
    let _mounted = Mounted(folder.path());
    let capture = Capture {
        folder: Some(folder.path().to_owned()),
        min_free_bytes: Some(0),
        ..Capture::default()
    };
    let server = housing(Settings { capture, ..Settings::default() });
    let mut client = Client::connect(server.address());
    let written = "hotplate_capture_records_total";
    assert_eq!(client.post("/invocations", CSV, DISTRICT).status, 200);
    while value(client.get("/metrics").text(), written) < 1.0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let end = Instant::now() + Duration::from_secs(2);
    let mut asked = 0.0;
    while Instant::now() < end || asked < 300.0 {
        assert_eq!(client.post("/invocations", CSV, DISTRICT.repeat(20)).status, 200);
        asked += 1.0;
        std::thread::sleep(Duration::from_millis(2));
    }
    let page = client.get("/metrics").text().to_owned();
    server.stop().unwrap();
    let lines = captured(folder.path());
    let full = value(&page, "hotplate_capture_dropped_total{reason=\"full\"}");
    assert!(full > 0.0 && full < asked, "{page}");
    assert!(!lines.is_empty(), "what had room is there");
}

#[test]
fn real_parser_takes_the_page() {
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/observing");
    let python =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/observing-venv/bin/python");
    if !python.exists() {
        assert!(std::env::var_os("CI").is_none(), "run .ci/observing first");
        eprintln!("not run: .ci/observing installs Prometheus' own parser");
        return;
    }
    let server = housing(Settings::default());
    let mut client = Client::connect(server.address());
    assert_eq!(client.post("/invocations", CSV, DISTRICT).status, 200);
    assert_eq!(client.post("/invocations", CSV, "x\n").status, 400);
    assert_eq!(
        client
            .post("/invocations", "Content-Type: application/json\r\n", churn_row(&[]).to_string())
            .status,
        400
    );
    let page = tempfile::NamedTempFile::new().unwrap();
    fs::write(page.path(), client.get("/metrics").text()).unwrap();
    server.stop().unwrap();
    let output =
        Command::new(python).arg(requirements.join("parse.py")).arg(page.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
