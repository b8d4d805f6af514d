use std::sync::Arc;

use hotplate_codec::{
    Absent, BlockDecoder, Decoder, Format, IndexBase, Predictions, Sparse, encode,
};
use hotplate_tensor::{Columns, DType, DataView, RowDim, Schema};
use proptest::prelude::*;

use crate::{
    golden::golden,
    record_io::tensor,
    support::{decode, in_blocks, matrix, of, shown, table},
};

const FORMATS: [Format; 4] = [Format::Libsvm, Format::Npy, Format::Npz, Format::RecordIo];

/// Files that are nearly what each parser reads.
const TEMPLATES: [(Format, &str); 10] = [
    (Format::Libsvm, "sklearn-zero.libsvm"),
    (Format::Libsvm, "sklearn-qid.libsvm"),
    (Format::Npy, "fortran.npy"),
    (Format::Npy, "cube-fortran.npy"),
    (Format::Npy, "text-unicode.npy"),
    (Format::Npz, "csr-deflated.npz"),
    (Format::Npz, "csc-stored.npz"),
    (Format::Npz, "bsr-blocks.npz"),
    (Format::RecordIo, "sparse-float64.recordio"),
    (Format::RecordIo, "dense-int64.recordio"),
];

fn schemas() -> [Arc<Schema>; 5] {
    let open = || RowDim::Open(None);
    [
        matrix(4),
        matrix(1),
        table(&[("a", DType::F32), ("n", DType::I64), ("t", DType::Str)]),
        of(&[("x", DType::F32, vec![open()])]),
        of(&[("x", DType::U8, vec![open(), RowDim::Fixed(3)])]),
    ]
}

/// Decodes under several schemas, whole, leniently and in blocks: none may panic or disagree.
fn survives(format: Format, bytes: &[u8]) {
    for schema in schemas() {
        let mut columns = Columns::new(Arc::clone(&schema));
        let mut decoder = Decoder::new(Arc::clone(&schema));
        let whole = decoder.decode(format, bytes, &mut columns).map(|()| shown(&columns));
        let mut bad = Vec::new();
        if decoder.decode_lenient(format, bytes, &mut columns, &mut bad).is_ok() {
            assert!(bad.iter().all(|bad| bad.index < columns.rows() + bad.index + 1));
            assert_eq!(whole.is_ok(), bad.is_empty());
        }
        let blocks = BlockDecoder::new(Arc::clone(&schema), format);
        assert!(blocks.whole_records(bytes) <= bytes.len());
        assert!(blocks.first_record(bytes) <= bytes.len());
        let step = (bytes.len() / 3).max(1);
        let by_blocks = in_blocks(&schema, format, bytes, step);
        if let Ok(whole) = whole {
            assert_eq!(by_blocks.unwrap(), whole);
        }
    }
}

/// Rows of three numbers as each format writes them.
fn numbers() -> impl Strategy<Value = Vec<[f32; 3]>> {
    let number = prop_oneof![any::<f32>(), Just(0.0), Just(f32::NAN)];
    prop::collection::vec(prop::array::uniform3(number), 1..8)
}

proptest! {
    #[test]
    fn numbers_come_back_bit_for_bit(rows in numbers()) {
        let schema = of(&[("x", DType::F32, vec![RowDim::Fixed(3)])]);
        let flat: Vec<f32> = rows.iter().flatten().copied().collect();
        let mut npy = Vec::new();
        let predictions = Predictions::Classifier {
            labels: DataView::I64(&vec![0; rows.len()]),
            probabilities: DataView::F32(&flat),
            classes: 3,
            names: None,
            margins: None,
        };
        encode(Format::Npy, &predictions, None, &mut npy);
        let dense: Vec<u8> = rows.iter().flat_map(|row| tensor(row, &[], &[3])).collect();
        let keys: Vec<Vec<u8>> = rows
            .iter()
            .map(|row| (0..3).rev().filter(|&index| !row[usize::from(index)].is_nan()).collect())
            .collect();
        let rows = &rows;
        let said = |row: usize| keys[row].iter().map(move |&key| (key, rows[row][usize::from(key)]));
        let sparse: Vec<u8> = (0..rows.len())
            .flat_map(|row| {
                let values: Vec<f32> = said(row).map(|(_, value)| value).collect();
                tensor(&values, &keys[row], &[3])
            })
            .collect();
        let lines = (0..rows.len()).map(|row| {
            said(row).fold("1".to_owned(), |line, (key, value)| format!("{line} {}:{value:e}", key + 1))
        });
        let libsvm = lines.collect::<Vec<_>>().join("\n").into_bytes();
        for (format, body) in [
            (Format::Npy, &npy),
            (Format::RecordIo, &dense),
            (Format::RecordIo, &sparse),
            (Format::Libsvm, &libsvm),
        ] {
            let columns = decode(&schema, format, Sparse::default(), body).unwrap();
            let DataView::F32(read) = columns.data(0) else { panic!("float32") };
            prop_assert_eq!(read.len(), flat.len());
            for (read, sent) in read.iter().zip(&flat) {
                prop_assert!(read.to_bits() == sent.to_bits() || read.is_nan() && sent.is_nan());
            }
            for step in [1, 13, 64] {
                prop_assert_eq!(in_blocks(&schema, format, body, step).unwrap(), shown(&columns));
            }
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>) {
        for format in FORMATS {
            survives(format, &bytes);
        }
    }

    #[test]
    fn mutated_files_are_survived(
        (format, name) in prop::sample::select(&TEMPLATES[..]),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..5), 1..4),
    ) {
        let mut bytes = golden(name);
        for (index, byte, edit) in edits {
            let at = index.index(bytes.len().max(1)).min(bytes.len());
            match edit {
                0 | 1 if at < bytes.len() => bytes[at] = byte,
                2 if at < bytes.len() => { bytes.remove(at); }
                3 => bytes.truncate(at),
                _ => bytes.insert(at, byte),
            }
        }
        survives(format, &bytes);
    }

    #[test]
    fn base_of_libsvm_is_the_only_difference(
        rows in prop::collection::vec(prop::collection::btree_set(0_usize..4, 0..4), 1..6),
    ) {
        let body = |base: usize| {
            let line = |row: &std::collections::BTreeSet<usize>| {
                row.iter().fold("0".to_owned(), |line, index| format!("{line} {}:{index}", index + base))
            };
            rows.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        let read = |index_base, body: String| {
            let sparse = Sparse { index_base, absent: Absent::Zero };
            shown(&decode(&matrix(4), Format::Libsvm, sparse, body.as_bytes()).unwrap())
        };
        let expected = read(IndexBase::Zero, body(0));
        prop_assert_eq!(&read(IndexBase::One, body(1)), &expected);
        prop_assert_eq!(&read(IndexBase::Auto, body(1)), &expected);
        if rows.iter().any(|row| row.contains(&0)) {
            prop_assert_eq!(&read(IndexBase::Auto, body(0)), &expected);
        }
    }
}
