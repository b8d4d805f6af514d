//! Blocks that are decoded without the ones in front.

use hotplate_codec::{BlockDecoder, DecodeError, Encoder, Format, Predictions};
use hotplate_tensor::{Columns, DataView};

use crate::support::{mixed, schema, shown};

/// The rows of a file whose blocks are decoded last one first, each by a decoder that read some
/// other block before; or the first error.
fn decoded_backwards(format: Format, blocks: &[&str]) -> Result<String, DecodeError> {
    let mut columns = Columns::new(mixed());
    let mut first = BlockDecoder::new(mixed(), format);
    first.begin(blocks[0].as_bytes(), &mut columns);
    let mut decoder = BlockDecoder::new(mixed(), format);
    let mut decoded = Vec::new();
    for index in (0..blocks.len()).rev() {
        let bytes = blocks[..index].concat().len();
        if index == 0 {
            decoder = BlockDecoder::new(mixed(), format);
        } else {
            decoder.follow(&first, bytes);
        }
        let result = decoder.decode(blocks[index].as_bytes(), &mut columns);
        let rows = Some(shown(&columns)).filter(|_| columns.rows() > 0);
        decoded.push((result.map(|_| rows), decoder.counts()));
    }
    let (mut rows, mut lines) = (0, 0);
    let mut all = Vec::new();
    for (result, (block_rows, block_lines)) in decoded.into_iter().rev() {
        all.extend(result.map_err(|error| error.behind(rows, lines))?);
        rows += block_rows;
        lines += block_lines;
    }
    Ok(all.join(" | "))
}

#[test]
fn header_of_the_first_block_holds_for_all() {
    let blocks = ["calls,tenure,contract\n2,1,a\n", "4,3,\"b\nb\"\n", "6,5,c\n"];
    let rows = decoded_backwards(Format::Csv, &blocks).unwrap();
    assert_eq!(rows, "1 \"a\" 2 | 3 \"b\\nb\" 4 | 5 \"c\" 6");
    // What could be a header is none behind the first block.
    let blocks = ["1,a,2\n", "tenure,contract,calls\n"];
    let error = decoded_backwards(Format::Csv, &blocks).unwrap_err();
    assert!(error.to_string().starts_with("row 1 (line 2), column \"tenure\":"), "{error}");
}

#[test]
fn error_is_placed_in_the_file_by_what_stands_in_front() {
    let blocks = ["calls,tenure,contract\n2,1,a\n", "4,3,\"b\nb\"\n", "6,5,c\n8,x,d\n"];
    let error = decoded_backwards(Format::Csv, &blocks).unwrap_err();
    assert_eq!((error.row(), error.line(), error.offset()), (Some(3), Some(6), Some(46)));
    let blocks = ["[1,\"a\",2]\n", "[1,\"a\"]\n"];
    let error = decoded_backwards(Format::JsonLines, &blocks).unwrap_err();
    assert_eq!((error.row(), error.line()), (Some(1), Some(2)));
}

#[test]
fn blank_lines_begin_the_next_block() {
    let csv = BlockDecoder::new(mixed(), Format::Csv);
    for (buffer, length) in [
        ("", 0),
        ("\n\r\n", 0),
        ("1,a,2\n", 6),
        ("1,a,2\r\n\r\n\n3,b", 7),
        ("1,\"a\n\n\",2\n\n", 10),
        ("1,\"a\n\n\"\n", 8),
        ("\n1,a,2\n\n3,b,4\n\n", 14),
    ] {
        assert_eq!(csv.independent_records(buffer.as_bytes()), length, "{buffer:?}");
    }
    let lines = BlockDecoder::new(mixed(), Format::JsonLines);
    for (buffer, length) in [(" \n", 0), ("[]\n \t\r\n\n[", 3), ("[]\n\n[]\n[", 7)] {
        assert_eq!(lines.independent_records(buffer.as_bytes()), length, "{buffer:?}");
    }
    for document in [Format::Json, Format::Npz] {
        assert_eq!(BlockDecoder::new(mixed(), document).independent_records(b"[]\n"), 0);
    }

    let error = decoded_backwards(Format::Csv, &["1,a,2\n", "\n\n3,b,4\n"]).unwrap_err();
    assert_eq!(error.to_string(), "row 1 (line 2): expected 3 cells, got a blank line");
    let rows = decoded_backwards(Format::Csv, &["1,a,2\n", "3,b,4\n\n\n"]).unwrap();
    assert_eq!(rows, "1 \"a\" 2 | 3 \"b\" 4");
}

#[test]
fn record_that_is_not_well_formed_is_cut_at_its_line() {
    let one = schema(&[("text", hotplate_tensor::DType::Str)]);
    let csv = BlockDecoder::new(one, Format::Csv);
    for (buffer, length) in [("\"a\"b", 0), ("\"a\"b,c\nd", 7), ("x\n\"a\"b,\"c\n\nd", 10)] {
        assert_eq!(csv.independent_records(buffer.as_bytes()), length, "{buffer:?}");
    }
}

#[test]
fn file_that_says_nothing_is_not_begun() {
    let mut columns = Columns::new(mixed());
    for (block, blank) in [("", true), ("\u{feff}", true), ("\n\n", true), ("x\n", false)] {
        let mut decoder = BlockDecoder::new(mixed(), Format::Csv);
        decoder.begin(block.as_bytes(), &mut columns);
        assert_eq!(decoder.is_blank(), blank, "{block:?}");
    }
}

#[test]
#[should_panic(expected = "the first block follows none")]
fn first_block_follows_none() {
    let first = BlockDecoder::new(mixed(), Format::Csv);
    BlockDecoder::new(mixed(), Format::Csv).follow(&first, 0);
}

#[test]
fn pieces_of_a_reply_are_the_reply() {
    let answers = |values| Predictions::Regressor { values: DataView::F32(values) };
    for format in [Format::Csv, Format::Json, Format::JsonLines, Format::Npy, Format::RecordIo] {
        let mut whole = Vec::new();
        hotplate_codec::encode(format, &answers(&[0.5, 1.5, 2.5]), None, &mut whole);
        let mut reply = Vec::new();
        let mut encoder = Encoder::new(format, None);
        for values in [&[][..], &[0.5], &[], &[1.5, 2.5], &[]] {
            let mut piece = Vec::new();
            Encoder::within(format, None).block(&answers(values), &mut piece);
            encoder.piece(&piece, &mut reply);
        }
        encoder.finish(&mut reply);
        assert_eq!(reply, whole, "{format}");
    }
}
