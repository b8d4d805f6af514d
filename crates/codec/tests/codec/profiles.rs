//! Whatever a client sends to a profile is read or refused.

use hotplate_codec::profile::{
    Table, sklearn,
    xgboost::{self, BodyType},
};
use proptest::prelude::*;

/// Rows of any table that is no wider than this are made.
const WIDEST: usize = 1 << 12;

fn check_rows(table: &Table) {
    let (rows, columns) = (table.rows(), table.columns());
    assert!(columns > 0);
    if columns <= WIDEST {
        let mut memory = Vec::new();
        let cells = table.cells(0..rows.min(16), columns + 1, &mut memory);
        assert_eq!(cells.len(), rows.min(16) * (columns + 1));
        assert!(cells.chunks_exact(columns + 1).all(|row| row[columns].is_nan()));
    }
}

fn read_all(body: &[u8]) {
    for body_type in [BodyType::Csv, BodyType::Libsvm, BodyType::Recordio] {
        match xgboost::read(body_type, body) {
            Ok(table) => check_rows(&table),
            Err(problem) => assert!(problem.starts_with("Loading ")),
        }
    }
    for body_type in [sklearn::BodyType::Csv, sklearn::BodyType::Json, sklearn::BodyType::Npy] {
        if let Some(table) = sklearn::read(body_type, body, 2) {
            assert_eq!(table.columns(), 2);
            check_rows(&table);
        }
    }
}

/// Two records of three numbers each, and a sparse one.
fn records() -> Vec<u8> {
    let dense = b"\x0a\x23\xd7\xce\x1c\0\0\0\x0a\x1a\x0a\x06values\x12\x10\x12\x0e\x0a\x0c\
                  \0\0\x80\x3f\0\0\0\x40\0\0\x40\x40";
    let sparse = b"\x0a\x23\xd7\xce\x1a\0\0\0\x0a\x18\x0a\x06values\x12\x0e\x12\x0c\x0a\x04\
                   \0\0\x80\x3f\x12\x01\x02\x1a\x01\x03\0\0";
    [&dense[..], dense, sparse].concat()
}

#[test]
fn records_dense_and_sparse_are_rows_of_one_table() {
    let table = xgboost::read(BodyType::Recordio, &records()).unwrap();
    assert_eq!((table.rows(), table.columns()), (3, 3));
    let mut memory = Vec::new();
    let cells = table.cells(1..3, 3, &mut memory);
    assert_eq!(cells[..3], [1.0, 2.0, 3.0]);
    assert!(cells[3].is_nan() && cells[4].is_nan() && cells[5] == 1.0);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body: Vec<u8>) {
        read_all(&body);
    }

    #[test]
    fn any_text_of_numbers_is_read_or_refused(body in "[0-9.,:;\n\t \"\\[\\]eE+_nainfNITtrue-]{0,80}") {
        read_all(body.as_bytes());
    }

    #[test]
    fn damaged_records_are_read_or_refused(at in 0..94_usize, byte: u8, end in 0..95_usize) {
        let mut body = records();
        let length = body.len();
        body[at % length] = byte;
        body.truncate(end.max(1));
        read_all(&body);
    }
}
