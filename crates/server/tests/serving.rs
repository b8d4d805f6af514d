//! Good requests, over real sockets, and the life of a server.

mod support;

use std::{fs, thread, time::Duration};

use hotplate::OpenOptions;
use hotplate_server::{Serve, Settings};
use serde_json::{Value, json};
use support::{Client, bound, churn, churn_row, housing, models, serving};

const JSON: &str = "Content-Type: application/json\r\n";
const CSV: &str = "Content-Type: text/csv\r\n";
const DISTRICT: &str = "8.3252,41,6.98,1.02,322,2.56,37.88,-122.23\n";

#[test]
fn not_ready_until_the_models_are_warm() {
    let server = bound(Settings::default());
    let mut client = Client::connect(server.address());
    let response = client.get("/ping");
    assert_eq!((response.status, response.header("retry-after")), (503, Some("1")));
    let metrics = client.get("/metrics");
    assert_eq!((metrics.status, metrics.text().contains("{model=")), (200, false));
    assert_eq!(client.post("/invocations", CSV, DISTRICT).json()["reason"], "not_ready");
    let registry = hotplate::Registry::open(&models().join("housing"), &OpenOptions::new());
    server.install(registry.unwrap());
    let response = client.get("/ping");
    assert_eq!((response.status, response.header("content-type")), (200, Some("application/json")));
    let expected = json!({
        "status": "ready",
        "models": [{ "name": "housing", "backend": "native", "device": "cpu" }],
    });
    assert_eq!(response.json(), expected);
    assert_eq!(client.post("/invocations", CSV, DISTRICT).status, 200);
    server.stop().unwrap();
}

#[test]
fn metrics_say_what_runs_each_model() {
    let server = serving(&models(), &OpenOptions::new());
    let mut client = Client::connect(server.address());
    let response = client.get("/metrics");
    let media_type = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!((response.status, response.header("content-type")), (200, Some(media_type)));
    let text = response.text();
    for model in ["churn", "housing"] {
        let labels = "backend=\"native\",device=\"cpu\",requested_device=\"auto\"";
        let info = format!("hotplate_model_info{{model=\"{model}\",{labels}}} 1\n");
        let fallback = format!("hotplate_model_device_fallback{{model=\"{model}\"}} 0\n");
        assert!(text.contains(&info) && text.contains(&fallback), "{text}");
    }
    for family in ["hotplate_model_info", "hotplate_model_device_fallback"] {
        assert_eq!(text.matches(&format!("# TYPE {family} gauge\n")).count(), 1, "{text}");
    }
    let requests = |text: &str| {
        let line =
            text.lines().find(|line| line.starts_with("hotplate_model_runs_total{model=\"h"));
        line.unwrap().split_once(' ').unwrap().1.parse::<u64>().unwrap()
    };
    let before = requests(text);
    assert_eq!(client.post("/models/housing/invoke", CSV, DISTRICT).status, 200);
    assert_eq!(requests(client.get("/metrics").text()), before + 1);
    // A probe that asks for the head alone gets no body, and the connection goes on.
    client
        .send(b"HEAD /ping HTTP/1.1\r\nHost: test\r\n\r\nGET /ping HTTP/1.1\r\nHost: test\r\n\r\n");
    let head = client.receive_head();
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(client.receive().json()["status"], "ready");
    server.stop().unwrap();
}

#[test]
fn golden_rows_come_back_over_http_in_every_form() {
    let server = churn();
    let golden = fs::read_to_string(models().join("churn/golden.csv")).unwrap();
    let mut lines = golden.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let score = names.iter().position(|name| *name == "output.probabilities.1").unwrap();
    let mut client = Client::connect(server.address());
    // Quoted cells are left to the tests of the codec.
    for line in lines.filter(|line| !line.contains('"')).step_by(7) {
        let cells: Vec<&str> = line.split(',').collect();
        let row = cells[..19].join(",");
        let expected: f32 = cells[score].parse().unwrap();

        let headers = format!("{CSV}Accept: text/csv\r\n");
        let by_position = client.post("/invocations", &headers, &row);
        assert_eq!(by_position.header("content-type"), Some("text/csv"));
        assert_eq!(by_position.text().trim_end().parse::<f32>().unwrap(), expected);

        let (reversed_names, reversed_cells): (Vec<_>, Vec<_>) =
            names[..19].iter().zip(&cells).rev().map(|(name, cell)| (*name, *cell)).unzip();
        let body = format!("{}\n{}\n", reversed_names.join(","), reversed_cells.join(","));
        let by_name = client.post("/invocations", CSV, &body).json();
        assert_eq!(score_of(&by_name), expected);

        let record: Value = names[..19]
            .iter()
            .zip(&cells)
            .map(|(name, cell)| {
                let numeric =
                    ["SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"].contains(name);
                let number = cell.parse::<f64>().map_or(Value::Null, Value::from);
                ((*name).to_owned(), if numeric { number } else { json!(cell) })
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
        for body in [
            json!({ "instances": [record] }),
            json!([record]),
            record.clone(),
            json!({ "dataframe_records": [record] }),
        ] {
            let reply = client.post("/invocations", JSON, body.to_string()).json();
            let prediction = &reply["predictions"][0];
            assert_eq!(score_of(&reply), expected, "{body}");
            assert_eq!(prediction["predicted_label"], cells[19]);
            assert_eq!(prediction["probabilities"].as_array().unwrap().len(), 2);
        }
    }
    server.stop().unwrap();
}

/// The first score of a reply, as the float32 that was written.
fn score_of(reply: &Value) -> f32 {
    reply["predictions"][0]["score"].to_string().parse().unwrap_or(f32::NAN)
}

#[test]
fn replies_follow_accept() {
    let server = housing();
    let mut client = Client::connect(server.address());
    let mut reply = |accept: &str| {
        let headers = format!("{CSV}Accept: {accept}\r\n");
        let response = client.post("/invocations", &headers, [DISTRICT, DISTRICT].concat());
        (response.header("content-type").unwrap().to_owned(), response.text().to_owned())
    };
    let (kind, text) = reply("text/csv");
    assert_eq!((kind.as_str(), text.lines().count()), ("text/csv", 2));
    let (kind, text) = reply("application/jsonlines");
    assert_eq!((kind.as_str(), text.lines().count()), ("application/jsonlines", 2));
    let (kind, _) = reply("image/png\r\nAccept: text/csv");
    assert_eq!(kind, "text/csv", "two lines of a header are one list");
    let (kind, text) = reply("*/*");
    assert_eq!(kind, "application/json");
    let reply: Value = serde_json::from_str(&text).unwrap();
    assert!(reply["predictions"][1]["score"].is_f64());
    server.stop().unwrap();
}

#[test]
fn several_models_are_asked_by_name() {
    let server = serving(&models(), &OpenOptions::new());
    let mut client = Client::connect(server.address());
    let response = client.post("/invocations", CSV, DISTRICT);
    assert_eq!(
        (response.status, response.json()["reason"].as_str()),
        (400, Some("model_required"))
    );
    assert!(response.text().contains("churn or fraud or housing"), "{}", response.text());
    assert_eq!(client.post("/models/housing/invoke", CSV, DISTRICT).status, 200);
    let body = json!({ "instances": [churn_row(&[])] }).to_string();
    assert_eq!(client.post("/models/churn/invoke", JSON, body).status, 200);
    server.stop().unwrap();
}

#[test]
fn configured_threshold_and_output_shape_the_reply() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(models().join("churn/model.onnx"), folder.path().join("model.onnx")).unwrap();
    let row = json!({ "instances": [churn_row(&[])] }).to_string();
    let label_with = |threshold: f64| {
        let config = format!(
            "[model]\nthreshold = {threshold}\noutput = [\"score\", \"predicted_label\"]\n"
        );
        fs::write(folder.path().join("hotplate.toml"), config).unwrap();
        let server = serving(folder.path(), &OpenOptions::new());
        let reply = Client::connect(server.address()).post("/invocations", JSON, &row);
        server.stop().unwrap();
        let reply = reply.text().to_owned();
        assert!(reply.starts_with("{\"predictions\":[{\"score\":"), "{reply}");
        assert!(!reply.contains("probabilities"), "{reply}");
        reply.contains("\"predicted_label\":\"Yes\"")
    };
    assert!(label_with(0.0));
    assert!(!label_with(1.0));
}

#[test]
fn connection_takes_many_requests() {
    let server = housing();
    let mut client = Client::connect(server.address());
    let request = |row: &str| {
        format!(
            "POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Type: text/csv\r\nAccept: text/csv\r\n\
             Content-Length: {}\r\n\r\n{row}",
            row.len()
        )
    };
    let rows: Vec<String> =
        (1..=40).map(|age| DISTRICT.replace(",41,", &format!(",{age},"))).collect();
    let alone: Vec<String> = rows
        .iter()
        .map(|row| {
            client.send(request(row).as_bytes());
            client.receive().text().to_owned()
        })
        .collect();
    // All at once: answered in order.
    client.send(rows.iter().map(|row| request(row)).collect::<String>().as_bytes());
    let pipelined: Vec<String> = rows.iter().map(|_| client.receive().text().to_owned()).collect();
    assert_eq!(pipelined, alone);

    client.send(
        b"POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Type: text/csv\r\nAccept: text/csv\r\n\
          Transfer-Encoding: chunked\r\n\r\n",
    );
    for piece in rows[0].as_bytes().chunks(5) {
        client.send(format!("{:x}\r\n", piece.len()).as_bytes());
        client.send(piece);
        client.send(b"\r\n");
    }
    client.send(b"0\r\n\r\n");
    assert_eq!(client.receive().text(), alone[0]);
    server.stop().unwrap();
}

#[test]
fn answer_does_not_wait_for_what_comes_behind_its_request() {
    let server = housing();
    let request = format!(
        "POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Type: text/csv\r\n\
         Content-Length: {}\r\n\r\n{DISTRICT}",
        DISTRICT.len()
    );
    for behind in ["\r\n", "POST /invoc", "G"] {
        let mut client = Client::connect(server.address());
        client.send(format!("{request}{behind}").as_bytes());
        assert_eq!(client.receive().status, 200, "{behind:?}");
    }
    server.stop().unwrap();
}

#[test]
fn small_request_does_not_wait_for_large_ones() {
    let server = housing();
    let address = server.address();
    let body = DISTRICT.repeat(40_000);
    let large: Vec<_> = (0..3)
        .map(|_| {
            let body = body.clone();
            thread::spawn(move || {
                let mut client = Client::connect(address);
                let headers = format!("{CSV}Accept: text/csv\r\n");
                let response = client.post("/invocations", &headers, &body);
                assert_eq!((response.status, response.text().lines().count()), (200, 40_000));
            })
        })
        .collect();
    let mut client = Client::connect(address);
    // The three take seconds, one after the other; these take none.
    for _ in 0..20 {
        assert_eq!(client.post("/invocations", CSV, DISTRICT).status, 200);
        assert_eq!(client.get("/ping").status, 200);
    }
    assert!(large.iter().any(|thread| !thread.is_finished()));
    large.into_iter().for_each(|thread| thread.join().unwrap());
    server.stop().unwrap();
}

#[test]
fn large_batch_is_answered_like_its_rows() {
    let server = housing();
    let mut client = Client::connect(server.address());
    let rows: Vec<String> =
        (0..5_000).map(|row| DISTRICT.replace(",322,", &format!(",{row},"))).collect();
    let headers = format!("{CSV}Accept: text/csv\r\n");
    let batch = client.post("/invocations", &headers, rows.concat());
    let answers: Vec<&str> = batch.text().lines().collect();
    assert_eq!(answers.len(), rows.len());
    for row in (0..rows.len()).step_by(499) {
        let alone = client.post("/invocations", &headers, &rows[row]);
        assert_eq!(alone.text().trim_end(), answers[row]);
    }
    server.stop().unwrap();
}

#[test]
fn model_file_may_change_while_it_is_served() {
    let model = fs::read(models().join("housing/model.onnx")).unwrap();
    // An unknown field, which readers pass over, makes the file so large that it is mapped.
    let padding = 20 << 20;
    let mut padded = model.clone();
    padded.extend_from_slice(&[0xfa, 0x3f]);
    padded.extend((0..4).map(|digit| u8::try_from(padding >> (7 * digit) & 0x7f).unwrap() | 0x80));
    padded.push(0);
    padded.resize(padded.len() + padding, 0);
    for bytes in [model, padded] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.onnx");
        fs::write(&file, bytes).unwrap();
        let server = serving(&file, &OpenOptions::new());
        let mut client = Client::connect(server.address());
        let before = client.post("/invocations", CSV, DISTRICT);
        assert_eq!(before.status, 200);

        fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(0).unwrap();
        assert_eq!(client.post("/invocations", CSV, DISTRICT).body, before.body);
        fs::write(&file, vec![0xff; 8 << 20]).unwrap();
        assert_eq!(client.post("/invocations", CSV, DISTRICT).body, before.body);
        fs::remove_file(&file).unwrap();
        assert_eq!(client.post("/invocations", CSV, DISTRICT).body, before.body);
        server.stop().unwrap();
    }
}

#[test]
fn request_at_hand_is_answered_before_the_server_stops() {
    let server = housing();
    let address = server.address();
    let mut idle = Client::connect(address);
    assert_eq!(idle.get("/ping").status, 200);
    let mut busy = Client::connect(address);
    busy.send(
        format!(
            "POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Type: text/csv\r\n\
             Content-Length: {}\r\n\r\n{}",
            DISTRICT.len(),
            &DISTRICT[..10]
        )
        .as_bytes(),
    );
    // The server has the head before it is told to stop.
    thread::sleep(Duration::from_millis(300));
    let stopping = thread::spawn(move || server.stop());
    assert!(idle.is_closed());
    assert!(!stopping.is_finished());
    busy.send(&DISTRICT.as_bytes()[10..]);
    assert_eq!(busy.receive().status, 200);
    assert!(busy.is_closed());
    stopping.join().unwrap().unwrap();
    assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[test]
fn clients_that_never_cease_to_come_do_not_keep_the_server_from_stopping() {
    let server = housing();
    let address = server.address();
    let clients: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn(move || {
                // Ends when nobody listens any more.
                while let Ok(stream) = std::net::TcpStream::connect(address) {
                    drop(stream);
                }
            })
        })
        .collect();
    thread::sleep(Duration::from_millis(100));
    server.stop().unwrap();
    clients.into_iter().for_each(|client| client.join().unwrap());
}

#[test]
fn request_that_never_ends_is_cut_off_after_the_time_to_drain() {
    let server = bound(Serve { drain_seconds: Some(1), ..Serve::default() });
    server
        .install(hotplate::Registry::open(&models().join("housing"), &OpenOptions::new()).unwrap());
    let mut client = Client::connect(server.address());
    client.send(b"POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\n1,2");
    thread::sleep(Duration::from_millis(300));
    let error = server.stop().unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
}

#[test]
fn address_in_use_is_said_so() {
    let server = bound(Settings::default());
    let serve = Serve {
        host: Some("127.0.0.1".into()),
        port: Some(server.address().port()),
        ..Serve::default()
    };
    let error =
        hotplate_server::Server::bind(&Settings::from(serve).into_config().unwrap()).unwrap_err();
    assert!(error.to_string().contains("--port 0"), "{error}");
    server.stop().unwrap();
}

#[test]
fn request_that_asks_is_told_what_each_column_adds() {
    let server = churn();
    let mut client = Client::connect(server.address());
    let row = json!({ "instances": [churn_row(&[])] }).to_string();
    let mut ask = |headers: &str| {
        let response = client.post("/invocations", &format!("{JSON}{headers}"), &row);
        (response.status, response.json())
    };
    let (status, plain) = ask("");
    assert!(status == 200 && plain["predictions"][0].get("explanations").is_none(), "{plain}");
    for (headers, columns) in [
        ("X-Amzn-SageMaker-Enable-Explanations: `true`\r\n", 19),
        ("X-Amzn-SageMaker-Enable-Explanations: 4\r\n", 4),
        ("X-Amzn-SageMaker-Custom-Attributes: trace=7,explain=2\r\n", 2),
    ] {
        let (status, reply) = ask(headers);
        assert_eq!(status, 200, "{reply}");
        let prediction = &reply["predictions"][0];
        assert_eq!(prediction["score"], plain["predictions"][0]["score"]);
        let explanation = &prediction["explanations"][0];
        assert_eq!(explanation["class"], "Yes");
        assert_eq!(explanation["covers"], "background");
        let contributions = explanation["contributions"].as_object().unwrap();
        assert_eq!(contributions.len(), columns);
        let told: f64 = contributions.values().map(|value| value.as_f64().unwrap()).sum();
        let others = explanation["others"].as_f64().unwrap_or_default();
        let sum = explanation["expected"].as_f64().unwrap() + told + others;
        assert!((sum - explanation["score"].as_f64().unwrap()).abs() < 1e-9, "{explanation}");
    }
    let (status, problem) = ask("X-Amzn-SageMaker-Enable-Explanations: perhaps\r\n");
    assert_eq!((status, &problem["reason"]), (400, &json!("bad_header")));
    let (status, problem) =
        ask("Accept: text/csv\r\nX-Amzn-SageMaker-Enable-Explanations: true\r\n");
    assert_eq!((status, &problem["reason"]), (406, &json!("not_acceptable")));
    server.stop().unwrap();
}
