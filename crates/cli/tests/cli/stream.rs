//! Files that are longer than a block.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::support::{assert_scores, golden, hotplate_fed, program, shipped};

fn churn_rows() -> (String, Vec<String>) {
    let text = fs::read_to_string(shipped("churn/rows.csv")).unwrap();
    let mut lines = text.lines().map(str::to_owned);
    (lines.next().unwrap(), lines.collect())
}

#[test]
fn every_row_of_a_long_file_is_answered_in_its_place() {
    const ROWS: usize = 50_000;
    let (header, rows) = churn_rows();
    let mut body = header + "\n";
    for row in rows.iter().cycle().take(ROWS) {
        body.push_str(row);
        body.push('\n');
    }
    let six = &golden("churn", "output.probabilities.1")[..6];
    let expected: Vec<f64> = six.iter().copied().cycle().take(ROWS).collect();
    let run = hotplate_fed(&["predict", "models/churn"], body.as_bytes());
    assert_scores(&run.lines(), &expected);

    body.push_str("x\n");
    let run = hotplate_fed(&["predict", "models/churn"], body.as_bytes());
    let message = run.failed(1);
    assert!(message.contains("row 50000 (line 50002): expected 19 cells, got 1"), "{message}");
    assert_scores(&run.out.lines().collect::<Vec<_>>(), &expected);
}

#[test]
fn quote_that_is_left_open_is_found_in_one_pass() {
    const MEBIBYTES: usize = 8;
    let (header, rows) = churn_rows();
    let mut body = header + "\n";
    for row in rows.iter().cycle().take(10) {
        body.push_str(row);
        body.push('\n');
    }
    body.push('"');
    for row in rows.iter().cycle() {
        body.push_str(row);
        body.push('\n');
        if body.len() >= MEBIBYTES << 20 {
            break;
        }
    }
    let begun = Instant::now();
    let run = hotplate_fed(&["predict", "models/churn"], body.as_bytes());
    // A pass for each line would take minutes.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let message = run.failed(1);
    let words = "row 10 (line 12): malformed at byte";
    assert!(message.contains(words) && message.contains("a quote that ends"), "{message}");
    assert_eq!(run.out.lines().count(), 10);
}

/// An array of so many of housing's rows, which all are the same, of which so many are there.
fn housing_array(announced: usize, there: usize) -> Vec<u8> {
    let row = [8.3252_f32, 41.0, 6.98, 1.02, 322.0, 2.56, 37.88, -122.23];
    let row: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({announced}, 8), }}\n");
    let length = u16::try_from(text.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes(), &row.repeat(there)].concat()
}

#[test]
fn rows_of_an_array_are_answered_as_they_come() {
    const ROWS: usize = 50_000;
    let arguments =
        ["predict", "models/housing", "--input-format", "npy", "--output-format", "csv"];
    let array = housing_array(ROWS, ROWS);
    let mut child = spawn(&arguments);
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    let (begin, rest) = array.split_at(200);
    input.write_all(begin).unwrap();
    let mut first = String::new();
    answers.read_line(&mut first).unwrap();
    assert!(first.trim_end().parse::<f64>().is_ok(), "{first:?}");
    let rest = rest.to_vec();
    let feeder = thread::spawn(move || input.write_all(&rest).unwrap());
    let mut others = String::new();
    answers.read_to_string(&mut others).unwrap();
    feeder.join().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(others.lines().count(), ROWS - 1);
    assert!(others.lines().all(|line| line == first.trim_end()));

    let run = hotplate_fed(&arguments, &housing_array(ROWS, ROWS - 1));
    assert!(run.failed(1).contains("expected 1600000 bytes of elements"), "{}", run.err);
    assert_eq!(run.out.lines().count(), ROWS - 1, "what came is answered");
    let run = hotplate_fed(&arguments, &housing_array(3, 4));
    assert!(run.failed(1).contains("got more"), "{}", run.err);
}

#[test]
fn answers_come_as_rows_do() {
    let (header, rows) = churn_rows();
    let mut child = spawn(&["predict", "models/churn"]);
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    writeln!(input, "{header}").unwrap();
    for row in &rows[..3] {
        writeln!(input, "{row}").unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert!(answer.ends_with('\n'), "{answer:?}");
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn reader_that_has_seen_enough_is_no_failure() {
    let (header, rows) = churn_rows();
    let mut child = spawn(&["predict", "models/churn"]);
    let mut input = child.stdin.take().unwrap();
    let mut errors = child.stderr.take().unwrap();
    writeln!(input, "{header}\n{}", rows[0]).unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    answers.read_line(&mut String::new()).unwrap();
    drop(answers);
    writeln!(input, "{}", rows[1]).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut text = String::new();
    errors.read_to_string(&mut text).unwrap();
    assert_eq!(text, "");
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let (header, rows) = churn_rows();
    let mut body = header + "\n";
    for (number, row) in rows.iter().cycle().take(8_000).enumerate() {
        // No two rows alike, and some of them none.
        let cells: Vec<&str> = row.rsplitn(2, ',').collect();
        let total = if number % 777 == 7 { "x".to_owned() } else { number.to_string() };
        body.extend([cells[1], ",", &total, "\n"]);
    }
    for format in [["--output-format", "csv"], ["--output-format", "json"]] {
        let on = |threads| {
            let arguments = ["predict", "models/churn", "--threads", threads];
            let more = ["--on-error", "placeholder"];
            hotplate_fed(&[&arguments[..], &more, &format].concat(), body.as_bytes())
        };
        let alone = on("1");
        assert_eq!(alone.code, Some(0), "{}", alone.err);
        assert!(alone.err.starts_with("warning: 11 of 8000 rows have"), "{}", alone.err);
        for threads in ["2", "7"] {
            let together = on(threads);
            assert!(together.out == alone.out, "{threads} threads, {format:?}");
            assert_eq!(together.err, alone.err);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_file() {
    let arguments = ["predict", "models/churn", "--ignore-unknown-columns", "--threads", "4"];
    let answers = fed_without_growth(&arguments);
    assert_eq!(answers.lines().count(), 16_000);

    let report = fed_without_growth(&["diff", "models/churn", "models/churn", "--rows", "-"]);
    assert!(report.contains("models/churn, 16000 rows\n"), "{report}");
}

/// The most memory that the program may have, whatever the file.
#[cfg(target_os = "linux")]
const MOST_KIBIBYTES: u64 = 100 << 10;

/// What the program makes of 64 MiB of rows, in memory that does not depend on how many there are.
#[cfg(target_os = "linux")]
fn fed_without_growth(arguments: &[&str]) -> String {
    let (header, rows) = churn_rows();
    let note = "x".repeat(4096);
    let mut child = spawn(arguments);
    let mut input = child.stdin.take().unwrap();
    let mut output = child.stdout.take().unwrap();
    let reader = thread::spawn(move || {
        let mut answers = String::new();
        output.read_to_string(&mut answers).unwrap();
        answers
    });
    writeln!(input, "note,{header}").unwrap();
    let mut feed = |count: usize| {
        for row in rows.iter().cycle().take(count) {
            writeln!(input, "{note},{row}").unwrap();
        }
        peak_kibibytes(child.id())
    };
    let after_4_mebibytes = feed(1_000);
    let after_64_mebibytes = feed(15_000);
    drop(input);
    assert!(child.wait().unwrap().success());
    assert!(after_64_mebibytes < MOST_KIBIBYTES, "{after_64_mebibytes} KiB");
    let grown = after_64_mebibytes - after_4_mebibytes;
    assert!(grown < 4 << 10, "{after_4_mebibytes} KiB grew by {grown}");
    reader.join().unwrap()
}

/// The most memory that a process has had.
#[cfg(target_os = "linux")]
fn peak_kibibytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn spawn(arguments: &[&str]) -> Child {
    program()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}
