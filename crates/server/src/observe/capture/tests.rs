use std::{
    fs,
    path::Path,
    sync::{Condvar, Mutex},
};

use serde_json::Value;
use tempfile::{TempDir, tempdir};

use super::*;

fn config(folder: &Path) -> CaptureConfig {
    CaptureConfig {
        folder: folder.to_owned(),
        endpoint: None,
        sample: 1.0,
        input: true,
        output: true,
        csv_content_types: vec!["text/csv".to_owned()],
        json_content_types: vec!["application/json".to_owned()],
        max_file_bytes: 1 << 20,
        rotate: Duration::from_secs(60),
        max_disk_bytes: None,
        min_free_bytes: 0,
    }
}

fn reply(body: &[u8]) -> Reply {
    let content_type = "application/json";
    Reply { status: 200, content_type, body: body.to_owned(), ..Reply::default() }
}

fn offer(capture: &Capture, content_type: Option<&str>, id: Option<&str>, body: &[u8]) {
    let sampled = Sampled {
        content_type: content_type.map(str::to_owned),
        inference_id: id.map(str::to_owned),
    };
    capture.offer(&sampled, ["churn", "blue"], Instant::now(), body, &reply(b"{\"a\":[0.5]}\n"));
}

/// The files below a folder, by path within it, and their lines.
fn files(folder: &Path) -> Vec<(String, Vec<Value>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.is_empty() || text.ends_with('\n'), "half a line in {}", path.display());
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            files.push((path.strip_prefix(folder).unwrap().display().to_string(), lines));
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

fn lines(folder: &TempDir) -> Vec<Value> {
    files(folder.path()).into_iter().flat_map(|(_, lines)| lines).collect()
}

#[test]
fn lines_are_in_the_schema_and_bodies_in_the_encoding_of_their_types() {
    let folder = tempdir().unwrap();
    let capture = Capture::start(&config(folder.path()), 1).unwrap();
    offer(&capture, Some("text/csv; charset=utf-8"), Some("id \"1\""), b"1,\"x\"\n");
    offer(&capture, Some("application/json"), None, "{\"a\":\"\u{e9}\u{1}\"}".as_bytes());
    offer(&capture, Some("application/x-npy"), None, b"\x93NUMPY");
    offer(&capture, Some("text/csv"), None, b"\xff");
    offer(&capture, None, None, b"1,2");
    capture.finish(Duration::from_secs(10));
    let lines = lines(&folder);
    let input = |line: usize| &lines[line]["captureData"]["endpointInput"];
    let expected = [
        ("1,\"x\"\n", "CSV"),
        ("{\"a\":\"\u{e9}\u{1}\"}", "JSON"),
        ("k05VTVBZ", "BASE64"),
        ("/w==", "BASE64"),
        ("MSwy", "BASE64"),
    ];
    assert_eq!(lines.len(), expected.len());
    for (line, (data, encoding)) in expected.into_iter().enumerate() {
        let input = input(line);
        assert_eq!((&input["data"], &input["encoding"]), (&data.into(), &encoding.into()));
        assert_eq!(input["mode"], "INPUT");
        let output = &lines[line]["captureData"]["endpointOutput"];
        let expected = serde_json::json!({
            "observedContentType": "application/json",
            "mode": "OUTPUT",
            "data": "{\"a\":[0.5]}\n",
            "encoding": "JSON",
        });
        assert_eq!(*output, expected);
        assert_eq!(lines[line]["eventVersion"], "0");
    }
    assert_eq!(input(0)["observedContentType"], "text/csv; charset=utf-8");
    assert_eq!(input(4).get("observedContentType"), None);
    let about = |line: usize| &lines[line]["eventMetadata"];
    assert_eq!(
        (about(0)["inferenceId"].as_str(), about(1).get("inferenceId")),
        (Some("id \"1\""), None)
    );
    let id = |line: usize| about(line)["eventId"].as_str().unwrap().parse::<uuid::Uuid>().unwrap();
    assert_eq!((id(0).get_version_num(), id(0) == id(1)), (4, false));
    let time = about(0)["inferenceTime"].as_str().unwrap();
    assert_eq!((time.len(), &time[10..11], &time[19..]), (20, "T", "Z"));
}

#[test]
fn files_lie_by_endpoint_variant_and_hour_and_have_one_of_both_bodies_where_that_is_said() {
    let folder = tempdir().unwrap();
    let endpoint = Some("prod".to_owned());
    for (input, output) in [(true, false), (false, true)] {
        let config =
            CaptureConfig { endpoint: endpoint.clone(), input, output, ..config(folder.path()) };
        let capture = Capture::start(&config, 1).unwrap();
        offer(&capture, Some("text/csv"), None, b"1");
        capture.finish(Duration::from_secs(10));
    }
    let files = files(folder.path());
    assert_eq!(files.len(), 2);
    for (path, lines) in files {
        let parts: Vec<&str> = path.split('/').collect();
        let lengths: Vec<usize> = parts[2..6].iter().map(|part| part.len()).collect();
        assert_eq!(
            (&parts[..2], &lengths[..]),
            (&["prod", "blue"][..], &[4, 2, 2, 2][..]),
            "{path}"
        );
        assert!(parts.len() == 7 && path.ends_with(".jsonl"), "{path}");
        assert_eq!(lines[0]["captureData"].as_object().unwrap().len(), 1);
    }
}

#[test]
fn lines_are_there_within_a_second_and_files_are_followed_by_others() {
    let folder = tempdir().unwrap();
    let config = CaptureConfig { max_file_bytes: 2000, ..config(folder.path()) };
    let capture = Capture::start(&config, 1).unwrap();
    for written in 1..=6_u64 {
        offer(&capture, Some("text/csv"), None, &[b'1'; 700]);
        let start = Instant::now();
        while capture.figures().written < written {
            assert!(start.elapsed() < Duration::from_secs(5), "{:?}", capture.figures());
            thread::sleep(Duration::from_millis(5));
        }
        // The limit is the promise; a machine that is loaded may take longer to wake a thread.
        assert_eq!(lines(&folder).len() as u64, written);
    }
    let files = files(folder.path());
    assert!(files.len() >= 3, "{files:?}");
}

#[test]
fn unwritable_folder_is_refused() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(Capture::start(&config(&file), 1).is_err());
    assert!(Capture::start(&config(&file.join("below")), 1).is_err());
}

#[test]
fn no_more_than_the_quota_is_written_and_the_rest_is_counted() {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join("old")).unwrap();
    fs::write(folder.path().join("old/of-yesterday.jsonl"), [b'\n'; 3000]).unwrap();
    let config = CaptureConfig { max_disk_bytes: Some(5000), ..config(folder.path()) };
    let capture = Capture::start(&config, 1).unwrap();
    for offered in 1..=8 {
        offer(&capture, Some("text/csv"), None, &[b'1'; 700]);
        while capture.figures().written + capture.figures().full < offered {
            thread::sleep(Duration::from_millis(5));
        }
    }
    let Figures { written, full, slow, failed, bytes } = capture.figures();
    assert_eq!((written + full, slow, failed), (8, 0, 0));
    assert!(written >= 1 && full >= 5 && bytes <= 2000, "{:?}", capture.figures());
}

/// What a disk does that is full: it takes what it has room for, and then nothing.
#[cfg(target_os = "linux")]
#[test]
fn full_disk_leaves_whole_lines_and_is_tried_again() {
    let folder = tempdir().unwrap();
    let config = config(folder.path());
    let full = |_: &Path| fs::OpenOptions::new().write(true).open("/dev/full");
    let files = Files::new(&config, Folder::open(&config).unwrap(), full);
    let capture = Capture::start_with(&config, 1, files).unwrap();
    for offered in 1..=3 {
        offer(&capture, Some("text/csv"), None, b"1");
        while capture.figures().full + capture.figures().failed < offered {
            thread::sleep(Duration::from_millis(5));
        }
    }
    let Figures { written, full, failed, .. } = capture.figures();
    assert_eq!((written, full >= 1, full + failed), (0, true, 3));
}

/// A disk that never comes back from a write.
#[test]
fn stuck_disk_costs_lines_and_no_time() {
    let folder = tempdir().unwrap();
    let config = config(folder.path());
    let release = Arc::new((Mutex::new(false), Condvar::new()));
    let stuck = {
        let release = Arc::clone(&release);
        move |path: &Path| {
            let (released, changed) = &*release;
            let guard = released.lock().unwrap();
            drop(changed.wait_while(guard, |released| !*released).unwrap());
            disk::create(path)
        }
    };
    let files = Files::new(&config, Folder::open(&config).unwrap(), stuck);
    let capture = Capture::start_with(&config, 1, files).unwrap();
    offer(&capture, Some("text/csv"), None, b"first");
    // More than the pages hold.
    let body = [b'1'; 10_000];
    let mut slowest = Duration::ZERO;
    for _ in 0..3000 {
        let start = Instant::now();
        offer(&capture, Some("text/csv"), None, &body);
        slowest = slowest.max(start.elapsed());
    }
    let large = vec![b'1'; 20 << 20];
    for _ in 0..4 {
        offer(&capture, Some("text/csv"), None, &large);
    }
    let slow = capture.figures().slow;
    assert!(slow >= 1000, "{:?}", capture.figures());
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let start = Instant::now();
    capture.finish(Duration::from_millis(100));
    assert!(start.elapsed() < Duration::from_secs(10), "nobody waits for a disk that is stuck");
    *release.0.lock().unwrap() = true;
    release.1.notify_all();
    capture.finish(Duration::from_secs(20));
    let Figures { written, slow, .. } = capture.figures();
    assert_eq!(written + slow, 3005);
    assert_eq!(lines(&folder).len() as u64, written);
}

#[test]
fn share_of_the_requests_is_sampled() {
    let folder = tempdir().unwrap();
    let config = CaptureConfig { sample: 0.25, ..config(folder.path()) };
    let capture = Capture::start(&config, 1).unwrap();
    let sampled = (0..4000).filter(|_| capture.sample(&Head::default()).is_some()).count();
    assert!((800..1200).contains(&sampled), "{sampled}");
}
