use hotplate_codec::{Absent, DecodeErrorKind as Kind, Format, Sparse};
use hotplate_tensor::DType;

use crate::{
    npy::npy,
    support::{decode, matrix, refuses, shown, table},
};

/// A zip archive of stored files.
fn archive(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let start = u32::try_from(body.len()).unwrap();
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let middle =
            [&[0; 10][..], &crc32(content).to_le_bytes(), &length, &length, &name_length, &[0; 2]]
                .concat();
        body.extend([b"PK\x03\x04", &middle[..], name.as_bytes(), content].concat());
        let central =
            [b"PK\x01\x02\x14\x00", &middle[..], &[0; 10], &start.to_le_bytes(), name.as_bytes()]
                .concat();
        directory.extend(central);
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let [start, length] = [body.len(), directory.len()].map(|size| u32::try_from(size).unwrap());
    body.extend([&directory[..], b"PK\x05\x06\0\0\0\0", &count, &count].concat());
    body.extend([&length.to_le_bytes()[..], &start.to_le_bytes(), &[0; 2]].concat());
    body
}

fn crc32(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    });
    !crc
}

fn indices(numbers: &[i32]) -> Vec<u8> {
    let elements: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    npy("<i4", false, &format!("({},)", numbers.len()), &elements)
}

/// A matrix of two columns.
fn sparse(format: &str, rows: i32, first: &[i32], second: &[i32], values: &[f64]) -> Vec<u8> {
    let elements: Vec<u8> = values.iter().flat_map(|number| number.to_le_bytes()).collect();
    let names =
        if format == "coo" { ["row.npy", "col.npy"] } else { ["indptr.npy", "indices.npy"] };
    archive(&[
        ("format.npy", npy("|S3", false, "()", format.as_bytes())),
        ("shape.npy", indices(&[rows, 2])),
        (names[0], indices(first)),
        (names[1], indices(second)),
        ("data.npy", npy("<f8", false, &format!("({},)", values.len()), &elements)),
    ])
}

#[test]
fn entries_may_be_in_any_order() {
    for (body, rows) in [
        (sparse("csr", 2, &[0, 2, 2], &[1, 0], &[5.0, 6.0]), "6 5 | NaN NaN"),
        (sparse("csc", 2, &[0, 1, 2], &[1, 0], &[5.0, 6.0]), "NaN 6 | 5 NaN"),
        (sparse("coo", 3, &[2, 0], &[1, 0], &[5.0, 6.0]), "6 NaN | NaN NaN | NaN 5"),
    ] {
        let columns = decode(&matrix(2), Format::Npz, Sparse::default(), &body).unwrap();
        assert_eq!(shown(&columns), rows);
    }
    let schema = table(&[("f", DType::F32), ("n", DType::I64)]);
    let zero = Sparse { absent: Absent::Zero, ..Sparse::default() };
    let body = sparse("csr", 1, &[0, 1], &[0], &[0.5]);
    assert_eq!(shown(&decode(&schema, Format::Npz, zero, &body).unwrap()), "0.5 0");
}

#[test]
fn matrices_that_lie_are_refused() {
    for (body, kind) in [
        (sparse("csr", 2, &[0, 1], &[0], &[1.0]), Kind::Malformed),
        (sparse("csr", 1, &[0, 1_000_000_000], &[0], &[1.0]), Kind::Malformed),
        (sparse("csr", 1, &[-1, 1], &[0], &[1.0]), Kind::Malformed),
        (sparse("csr", 1, &[0, 1], &[2], &[1.0]), Kind::WrongArity),
        (sparse("csr", 1, &[0, 2], &[0, 0], &[1.0, 1.0]), Kind::DuplicateColumn),
        (sparse("csr", 1, &[0, 2], &[0, 1], &[1.0]), Kind::Malformed),
        (sparse("csr", 1_000_000_000, &[0], &[], &[]), Kind::TooLarge),
        (sparse("csr", -1, &[0], &[], &[]), Kind::Malformed),
        // The same entries in every column.
        (sparse("csc", 2, &[0, 1, 0], &[0], &[1.0]), Kind::Malformed),
        (sparse("csc", 2, &[0, 1, 2], &[0, 2], &[1.0, 1.0]), Kind::Malformed),
        (sparse("coo", 2, &[0, 2], &[0, 0], &[1.0, 1.0]), Kind::Malformed),
        (sparse("coo", 2, &[0, 1], &[0], &[1.0, 1.0]), Kind::Malformed),
        (sparse("dok", 2, &[0, 1], &[0], &[1.0, 1.0]), Kind::WrongType),
        (archive(&[]), Kind::Malformed),
        (b"PK".to_vec(), Kind::Malformed),
    ] {
        let error = decode(&matrix(2), Format::Npz, Sparse::default(), &body).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    let body = sparse("csr", 1, &[0, 1], &[0], &[1.0]);
    refuses(&matrix(3), Format::Npz, &body, Kind::WrongArity, "expected 3 cells, got 2");
}

#[test]
fn damaged_archives_are_refused() {
    let body = sparse("csr", 2, &[0, 2, 2], &[1, 0], &[5.0, 6.0]);
    let whole = decode(&matrix(2), Format::Npz, Sparse::default(), &body).unwrap();
    for end in 0..body.len() {
        assert!(decode(&matrix(2), Format::Npz, Sparse::default(), &body[..end]).is_err());
    }
    for at in 0..body.len() {
        let mut damaged = body.clone();
        damaged[at] ^= 0x41;
        // A bit of a name or a date changes nothing; of the content, the checksum sees it.
        if let Ok(columns) = decode(&matrix(2), Format::Npz, Sparse::default(), &damaged) {
            assert_eq!(shown(&columns), shown(&whole));
        }
    }
}
