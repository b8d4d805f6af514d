use hotplate_codec::{BlockDecoder, Format};
use hotplate_tensor::Columns;

use crate::support::{mixed, shown};

#[test]
fn rows_and_lines_are_numbered_over_all_blocks() {
    let mut columns = Columns::new(mixed());
    let mut blocks = BlockDecoder::new(mixed(), Format::Csv);
    blocks.decode(b"calls,tenure,contract\n", &mut columns).unwrap();
    assert_eq!(columns.rows(), 0);
    blocks.decode(b"2,1,a\n4,3,\"b\nb\"\n", &mut columns).unwrap();
    assert_eq!(shown(&columns), "1 \"a\" 2 | 3 \"b\\nb\" 4");
    let error = blocks.decode(b"6,5,c\n8,x,d\n", &mut columns).unwrap_err();
    assert_eq!((error.row(), error.line(), error.offset()), (Some(3), Some(6), Some(46)));
}

#[test]
fn blank_lines_wait_for_what_follows() {
    let mut columns = Columns::new(mixed());
    let mut blocks = BlockDecoder::new(mixed(), Format::Csv);
    blocks.decode(b"1,a,2\n\n", &mut columns).unwrap();
    assert_eq!(columns.rows(), 1);
    let error = blocks.decode(b"\n3,b,4\n", &mut columns).unwrap_err();
    assert_eq!(error.to_string(), "row 1 (line 2): expected 3 cells, got a blank line");
}

#[test]
fn whole_records_end_outside_of_quotes() {
    let blocks = BlockDecoder::new(mixed(), Format::Csv);
    for (buffer, whole) in [
        ("", 0),
        ("1,a", 0),
        ("1,a\n2", 4),
        ("1,\"a\n", 0),
        ("1,\"a\nb\"\n2,\"c\n", 8),
        ("1,\"a\"\"\n\"\n", 9),
        ("1,5\" disk\n2", 10),
        ("\u{feff}\"a\n\"\n", 8),
        // Not well-formed, and so handed over with the line in which that shows.
        ("1,\"a\"b\n2,c\n", 7),
        ("1,\"a\"\rb\n2,c\n", 8),
        ("1,\"a\"b", 0),
    ] {
        assert_eq!(blocks.whole_records(buffer.as_bytes()), whole, "{buffer:?}");
    }
    let lines = BlockDecoder::new(mixed(), Format::JsonLines);
    assert_eq!(lines.whole_records(b"[1]\n[2]\n[3"), 8);
    let document = BlockDecoder::new(mixed(), Format::Json);
    assert_eq!(document.whole_records(b"[[1]]\n"), 0);
}

#[test]
fn first_record_ends_where_its_line_does() {
    let blocks = BlockDecoder::new(mixed(), Format::Csv);
    for (buffer, first) in [
        ("", 0),
        ("1,a", 3),
        ("1,a,2\n3,b,4\n", 6),
        ("\n3,b,4\n", 1),
        ("1,\"a\nb\",2\r\n3", 11),
        ("\u{feff}\"1\",a,2\n3", 11),
        // Wherever it ends, it is refused.
        ("1,\"a\"b,2\n3,b,4\n", 15),
        ("1,\"a,2\n3,b,4\n", 13),
    ] {
        assert_eq!(blocks.first_record(buffer.as_bytes()), first, "{buffer:?}");
    }
    let lines = BlockDecoder::new(mixed(), Format::JsonLines);
    assert_eq!(lines.first_record(b"[1]\n[2]\n"), 4);
    assert_eq!(lines.first_record(b"[1]"), 3);
    let document = BlockDecoder::new(mixed(), Format::Json);
    assert_eq!(document.first_record(b"[[1]]\n\n"), 7);
}

#[test]
fn file_of_no_rows_is_told_from_one_of_nothing() {
    for (format, file, is_blank) in [
        (Format::Csv, "", true),
        (Format::Csv, "\u{feff}", true),
        (Format::Csv, "\r\n\n", true),
        (Format::Csv, "calls,tenure,contract\n", false),
        (Format::Json, " \n", true),
        (Format::Json, "[]", false),
        (Format::Json, "{\"instances\":[]}", false),
        (Format::JsonLines, "\n \n", true),
        (Format::JsonLines, "[1,\"a\",2]\n", false),
    ] {
        let mut blocks = BlockDecoder::new(mixed(), format);
        assert!(blocks.is_blank());
        blocks.decode(file.as_bytes(), &mut Columns::new(mixed())).unwrap();
        assert_eq!(blocks.is_blank(), is_blank, "{format}: {file:?}");
    }
}

#[test]
fn rows_without_names_are_noticed() {
    let by_name = r#"{"calls":2,"tenure":1,"contract":"a"}"#;
    let split = r#"{"columns":["calls","contract","tenure"],"data":[[2,"a",1]]}"#;
    let lists = r#"{"calls":[2],"tenure":[1],"contract":["a"]}"#;
    for (format, file, by_position) in [
        (Format::Csv, "calls,tenure,contract\n2,1,a\n", false),
        (Format::Csv, "1,a,2\n", true),
        (Format::JsonLines, &*format!("{by_name}\n"), false),
        (Format::JsonLines, &*format!("{by_name}\n[1,\"a\",2]\n"), true),
        (Format::Json, &*format!("{{\"instances\":[{by_name}]}}"), false),
        (Format::Json, "{\"instances\":[{\"features\":[1,\"a\",2]}]}", true),
        (Format::Json, &*format!("{{\"dataframe_split\":{split}}}"), false),
        (Format::Json, "{\"dataframe_split\":{\"data\":[[1,\"a\",2]]}}", true),
        (Format::Json, lists, false),
    ] {
        let mut columns = Columns::new(mixed());
        let mut blocks = BlockDecoder::new(mixed(), format);
        blocks.decode(file.as_bytes(), &mut columns).unwrap();
        assert!(columns.rows() > 0);
        assert_eq!(blocks.has_rows_by_position(), by_position, "{format}: {file:?}");
    }
}

#[test]
fn document_is_one_block() {
    let mut columns = Columns::new(mixed());
    let mut blocks = BlockDecoder::new(mixed(), Format::Json);
    blocks.decode(b"{\"instances\":[[1,\"a\",2]]}\n", &mut columns).unwrap();
    assert_eq!(shown(&columns), "1 \"a\" 2");
    blocks.decode(b"", &mut columns).unwrap();
    assert_eq!(columns.rows(), 0);
}
