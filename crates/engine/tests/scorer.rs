//! Blocks of records to answers, each in its place.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{fs, path::PathBuf};

use hotplate::{
    Engine, ErrorKind, OpenOptions, UnknownCategories,
    scorer::{OnError, Outcome, Position, Reply, RowFault, Scorer, ScorerOptions, Stretch},
};
use hotplate_codec::Format;
use hotplate_model::onnx::fixture::{
    self, FLOAT, INT64,
    TestDim::{Fixed, Symbol},
    graph, operation, tensor, value,
};
use support::model;

const CSV: ScorerOptions = ScorerOptions {
    input: Format::Csv,
    output: Format::Csv,
    ignore_unknown_columns: true,
    explain: None,
    on_error: OnError::Placeholder,
};

fn churn() -> String {
    fs::read_to_string(model("churn").join("golden.csv")).unwrap()
}

/// The reply to a body as one block.
fn reply(
    engine: &Engine,
    options: ScorerOptions,
    body: &str,
) -> (String, Result<Outcome, RowFault>) {
    let mut stretch = Stretch::default();
    Scorer::new(engine, options).score(Position::First, body.as_bytes(), &mut stretch);
    let (mut reply, mut bytes) = (Reply::new(options.output), Vec::new());
    let ended = reply.push(&mut stretch, &mut bytes);
    let outcome = reply.finish(&mut bytes).unwrap();
    (String::from_utf8(bytes).unwrap(), ended.map(|()| outcome))
}

/// The reply to a body in blocks of about so many bytes, which two scorers make from the last to
/// the first.
fn reply_in_blocks(
    engine: &Engine,
    options: ScorerOptions,
    body: &str,
    length: usize,
) -> (String, Result<Outcome, RowFault>) {
    let mut first = options.decoder(engine);
    let mut blocks = Vec::new();
    let mut start = 0;
    for end in (length..).step_by(length) {
        if end >= body.len() {
            blocks.push((start, &body.as_bytes()[start..]));
            break;
        }
        let block = &body.as_bytes()[start..end];
        let block = &block[..first.independent_records(block)];
        if start == 0 && !block.is_empty() {
            first.begin(block, &mut engine.rows());
        }
        if !block.is_empty() {
            blocks.push((start, block));
        }
        start += block.len();
    }
    let mut scorers = [Scorer::new(engine, options), Scorer::new(engine, options)];
    let mut stretches = Vec::new();
    for (number, &(bytes, block)) in blocks.iter().enumerate().rev() {
        let position = match number {
            0 => Position::First,
            _ => Position::Behind { first: &first, bytes },
        };
        let mut stretch = Stretch::default();
        scorers[number % 2].score(position, block, &mut stretch);
        stretches.push(stretch);
    }
    let (mut reply, mut bytes) = (Reply::new(options.output), Vec::new());
    let mut ended = Ok(());
    for mut stretch in stretches.into_iter().rev() {
        ended = reply.push(&mut stretch, &mut bytes);
        if ended.is_err() {
            break;
        }
    }
    let outcome = reply.finish(&mut bytes).unwrap();
    (String::from_utf8(bytes).unwrap(), ended.map(|()| outcome))
}

#[test]
fn blocks_in_any_order_give_the_reply_of_the_whole() {
    let engine = Engine::open(model("churn")).unwrap();
    let mut lines: Vec<String> = churn().lines().map(str::to_owned).collect();
    lines.insert(9, "x".to_owned());
    lines.insert(40, String::new());
    lines.push("y,z".to_owned());
    let body = lines.join("\n") + "\n\n\n";
    for (output, explain) in
        [(Format::Csv, None), (Format::Json, None), (Format::JsonLines, Some(3))]
    {
        let options = ScorerOptions { output, explain, ..CSV };
        let (whole, outcome) = reply(&engine, options, &body);
        let told = |outcome: Outcome| {
            let first: Vec<_> = outcome.first.iter().map(ToString::to_string).collect();
            (outcome.answered, outcome.unanswered, first, outcome.is_blank)
        };
        let outcome = told(outcome.unwrap());
        assert_eq!((outcome.0, outcome.1), (lines.len() - 4, 3));
        assert!(outcome.2[1].starts_with("row 39 (line 41): expected"), "{outcome:?}");
        for length in [700, 4096] {
            let (reply, of_blocks) = reply_in_blocks(&engine, options, &body, length);
            assert_eq!(told(of_blocks.unwrap()), outcome);
            assert!(reply == whole, "{output} in blocks of {length} bytes");
        }

        // Both end with the first bad record, and what is in front of it is answered.
        let options = ScorerOptions { on_error: OnError::Stop, ..options };
        let (whole, fault) = reply(&engine, options, &body);
        let (of_blocks, same) = reply_in_blocks(&engine, options, &body, 700);
        assert_eq!(fault.unwrap_err().to_string(), same.unwrap_err().to_string());
        assert_eq!(whole, of_blocks);
    }
}

#[test]
fn placeholders_stand_where_answers_would() {
    let engine = Engine::open(model("housing")).unwrap();
    let rows = fs::read_to_string(model("housing").join("rows.csv")).unwrap();
    let mut lines: Vec<&str> = rows.lines().skip(1).collect();
    let (answers, _) = reply(&engine, CSV, &rows);
    lines.insert(0, "1,2,3,4,5,6,7,many");
    lines.insert(4, "1,2");
    let (with_gaps, outcome) = reply(&engine, CSV, &lines.join("\n"));
    let mut expected: Vec<&str> = answers.lines().collect();
    expected.insert(0, "ERROR");
    expected.insert(4, "ERROR");
    assert_eq!(with_gaps.lines().collect::<Vec<_>>(), expected);
    let outcome = outcome.unwrap();
    let fault = &outcome.first[0];
    assert_eq!((fault.row(), fault.line(), fault.reason()), (Some(0), Some(1), "wrong_type"));
    assert_eq!(
        (fault.column(), fault.got().as_deref()),
        (Some("Longitude"), Some("text \"many\""))
    );
    assert_eq!(fault.expected().as_deref(), Some("a number"));

    let options = ScorerOptions { output: Format::JsonLines, ..CSV };
    let (with_gaps, _) = reply(&engine, options, &lines.join("\n"));
    assert_eq!(
        with_gaps.lines().nth(4).unwrap(),
        "{\"error\":\"row 4 (line 5): expected 8 cells, got 2\",\"reason\":\"wrong_arity\",\
         \"expected\":\"8 cells\",\"got\":\"2\",\"row\":4}"
    );
}

#[test]
fn row_that_the_model_refuses_takes_no_other_with_it() {
    let refuse = OpenOptions::new().unknown_categories(UnknownCategories::Refuse);
    let engine = refuse.golden_rows(false).open(model("churn")).unwrap();
    let rows = fs::read_to_string(model("churn").join("rows.csv")).unwrap();
    let (header, rows) = rows.split_once('\n').unwrap();
    let rows: Vec<String> = rows.lines().cycle().take(60).map(str::to_owned).collect();
    let body = |rows: &[String]| format!("{header}\n{}\n", rows.join("\n"));
    let (answers, _) = reply(&engine, CSV, &body(&rows));
    let mut expected: Vec<&str> = answers.lines().collect();
    let mut wrong = rows.clone();
    for row in [0, 17, 18, 19, 59] {
        wrong[row] = wrong[row].replacen("ale,", "ail,", 1);
        expected[row] = "ERROR";
    }
    // Its end of line is within quotes, so that it has two.
    wrong[5] = wrong[5].replacen(",No,", ",\"No\nway\",", 1);
    expected[5] = "ERROR";
    let (with_gaps, outcome) = reply(&engine, CSV, &body(&wrong));
    assert_eq!(with_gaps.lines().collect::<Vec<_>>(), expected);
    let outcome = outcome.unwrap();
    assert_eq!((outcome.answered, outcome.unanswered), (54, 6));
    let places: Vec<_> = outcome.first.iter().map(|fault| (fault.row(), fault.line())).collect();
    let place = |row, line| (Some(row), Some(line));
    assert_eq!(places, [place(0, 2), place(5, 7), place(17, 20), place(18, 21), place(19, 22)]);
    let fault = &outcome.first[2];
    let begin = "row 17 (line 20), column \"gender\": \"";
    assert!(fault.to_string().starts_with(begin), "{fault}");
    assert_eq!((fault.reason(), fault.column()), ("unknown_category", Some("gender")));

    let (until, fault) =
        reply(&engine, ScorerOptions { on_error: OnError::Stop, ..CSV }, &body(&wrong[6..]));
    assert_eq!(until.lines().collect::<Vec<_>>(), expected[6..17]);
    assert_eq!((fault.as_ref().unwrap_err().row(), fault.unwrap_err().line()), place(11, 13));
}

/// A model of one integer, which is an index into three numbers. It refuses others, and does not
/// say which they are.
fn lookup() -> (tempfile::TempDir, PathBuf) {
    let dims = [Symbol("batch"), Fixed(1)];
    let table = tensor("table", FLOAT, &[3]).float(4, 1.0).float(4, 10.0).float(4, 100.0);
    let graph = graph(
        &[value("id", INT64, &dims)],
        &[operation("Gather", &["table", "id"], &["y"], &[])],
        &[value("y", FLOAT, &dims)],
    );
    let graph = fixture::with_constant(graph, &table);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    fs::write(&path, fixture::model(&graph).finish()).unwrap();
    (folder, path)
}

#[test]
fn refused_rows_are_found_where_the_model_does_not_say_which() {
    let (_folder, path) = lookup();
    let engine = Engine::open(path).unwrap();
    let options = ScorerOptions { output: Format::JsonLines, ..CSV };
    let ids: Vec<usize> = (0..500).map(|row| if row % 97 == 5 { 9 } else { row % 3 }).collect();
    let body: String = ids.iter().map(|id| format!("{id}\n")).collect();
    let (reply, outcome) = reply(&engine, options, &body);
    assert_eq!(reply.lines().count(), ids.len());
    for (row, (line, id)) in reply.lines().zip(&ids).enumerate() {
        match id {
            0..3 => assert_eq!(line, format!("{{\"score\":{}.0}}", [1, 10, 100][*id])),
            _ => assert!(
                line.starts_with(&format!("{{\"error\":\"row {row} (line {}): ", row + 1)),
                "{line}"
            ),
        }
    }
    assert_eq!(outcome.unwrap().unanswered, 6);
}

#[test]
fn what_is_the_fault_of_no_record_ends_the_run() {
    let engine = Engine::open(model("housing")).unwrap();
    let rows = fs::read_to_string(model("housing").join("rows.csv")).unwrap();
    let options = ScorerOptions { ignore_unknown_columns: false, ..CSV };
    let (_, fault) = reply(&engine, options, &format!("a{rows}"));
    let fault = fault.unwrap_err();
    assert_eq!((fault.row(), fault.reason()), (None, "unknown_column"));

    let document = "[[1,2,3,4,5,6,7,8],[1,2,3,4,5,6,7,\"x\"]]";
    let options = ScorerOptions { input: Format::Json, ..CSV };
    let (answers, fault) = reply(&engine, options, document);
    assert_eq!((answers.as_str(), fault.unwrap_err().row()), ("", Some(1)));

    engine.drain();
    let (answers, fault) = reply(&engine, CSV, &rows);
    assert_eq!(answers, "");
    let fault = fault.unwrap_err();
    assert_eq!(fault.as_engine_error().unwrap().kind(), ErrorKind::Drained);
    assert_eq!((fault.row(), fault.reason()), (None, "draining"));
}
