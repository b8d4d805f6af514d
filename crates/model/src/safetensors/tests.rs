use std::fs;

use tempfile::TempDir;

use super::{
    Element,
    fixture::{File, index, with_header},
};
use crate::{Format, Model, ModelError, ModelErrorKind as Kind, limits};

#[track_caller]
fn refused(bytes: Vec<u8>, kind: Kind, expected: &str) -> ModelError {
    let error = Model::from_bytes(bytes).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(expected), "{error}");
    error
}

/// Refuses a file of four bytes of data and this header.
#[track_caller]
fn header_refused(header: &str, kind: Kind, expected: &str) -> ModelError {
    refused(with_header(header, &[0; 4]), kind, expected)
}

const FOUR: &str = r#""dtype":"U8","shape":[4],"data_offsets":[0,4]"#;

#[test]
fn tensors_are_given_where_they_lie() {
    let file = File::default()
        .metadata("format", "pt")
        .f32("b", &[2, 1], &[1.0, 2.0])
        .tensor("empty", "F32", &[0, 3], &[])
        .tensor("a", "I64", &[], &7_i64.to_le_bytes())
        .tensor("odd \"name\"", "F64", &[1], &[0; 8])
        .finish();
    let model = Model::from_bytes(file.clone()).unwrap();
    assert_eq!((model.format(), model.size_bytes()), (Format::Safetensors, file.len()));
    let tensors = model.safetensors().unwrap();
    let names: Vec<_> = tensors.iter().map(|tensor| tensor.name).collect();
    assert_eq!(names, ["a", "b", "empty", "odd \"name\""]);
    assert_eq!((tensors.len(), tensors.is_empty()), (4, false));
    assert_eq!(tensors.metadata()["format"], "pt");

    let a = tensors.tensor("a").unwrap();
    assert_eq!((a.element, a.shape, a.bytes), (Element::I64, &[][..], &7_i64.to_le_bytes()[..]));
    assert_eq!(a.len(), 1);
    let b = tensors.require("b", &[2, 1]).unwrap();
    assert_eq!(b.to_f32().unwrap(), [1.0, 2.0]);
    let own = model.bytes().as_ptr_range();
    assert!(own.contains(&b.bytes.as_ptr()), "no copy is made");
    assert_eq!(tensors.tensor("odd \"name\"").unwrap().element.to_string(), "F64");
    assert!(tensors.tensor("c").is_none());
}

#[test]
fn every_type_of_the_format_is_known() {
    for (name, bits) in [("BOOL", 8), ("F4", 4), ("F6_E2M3", 6), ("F8_E4M3", 8), ("C64", 64)] {
        let file = File::default().tensor("t", name, &[8], &vec![0; bits]);
        let model = Model::from_bytes(file.finish()).unwrap();
        let element = model.safetensors().unwrap().tensor("t").unwrap().element;
        assert_eq!((element.name(), element.bits()), (name, bits));
    }
}

#[test]
fn what_a_reader_wants_and_a_file_lacks_is_named() {
    let file = File::default().f32("b", &[2, 1], &[1.0, 2.0]).tensor("i", "I32", &[1], &[0; 4]);
    let model = Model::from_bytes(file.finish()).unwrap();
    let tensors = model.safetensors().unwrap();
    let cases = [
        (
            tensors.require("b", &[2]).unwrap_err(),
            "tensor \"b\" should have the shape [2], has [2, 1]",
        ),
        (tensors.require("c", &[3, 4]).unwrap_err(), "tensor \"c\", of shape [3, 4], is missing"),
        (
            tensors.tensor("i").unwrap().to_f32().unwrap_err(),
            "tensor \"i\" should hold F32, F16 or BF16, holds I32",
        ),
    ];
    for (error, expected) in cases {
        assert_eq!((error.kind(), error.to_string()), (Kind::BadTensor, expected.to_owned()));
    }
}

#[test]
fn header_that_does_not_fit_the_file_is_refused() {
    let long = (limits::HEADER_BYTES as u64 + 1).to_le_bytes();
    refused([&long[..], b"{}"].concat(), Kind::TooMany, "at most 10000000 are read");
    let endless = u64::MAX.to_le_bytes();
    refused([&endless[..], b"{\"a"].concat(), Kind::TooMany, "18446744073709551615 bytes");
    let error = refused([&100_u64.to_le_bytes()[..], b"{}"].concat(), Kind::Truncated, "100 bytes");
    assert_eq!(error.offset(), Some(8));
    refused(with_header("{\"a\":", &[]), Kind::Truncated, "cut short");
}

#[test]
fn header_that_is_no_list_of_tensors_is_refused_where_it_is_wrong() {
    let cases = [
        ("{\"t\":1}", "expected an object, at byte 13"),
        ("{\"t\":{}}", "tensor \"t\" has no \"dtype\", at byte 13"),
        ("{} {}", "expected the end of the file, at byte 11"),
        ("{\"t\":{\"dtype\":\"U8\",\"shape\":[4]}}", "has no \"data_offsets\""),
        ("{\"t\":{\"dtype\":\"U8\",\"data_offsets\":[0,4]}}", "has no \"shape\""),
        ("{\"t\":{\"dtype\":5}}", "expected a text"),
        ("{\"t\":{\"strides\":[1]}}", "tensor \"t\" has the unknown key \"strides\""),
        ("{\"t\":{\"shape\":[-4]}}", "expected a size that fits"),
        ("{\"t\":{\"shape\":[+4]}}", "expected a size that fits"),
        ("{\"t\":{\"shape\":[4.0]}}", "expected a size that fits"),
        ("{\"t\":{\"shape\":[18446744073709551616]}}", "expected a size that fits"),
        ("{\"__metadata__\":{\"a\":1}}", "expected a text"),
        ("{\"__metadata__\":{\"a\":{}}}", "expected a text"),
        ("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", "the key \"a\" is there twice"),
        ("{\"__metadata__\":{},\"__metadata__\":{}}", "the key \"__metadata__\" is there twice"),
        ("{\"t\":{\"shape\":[4],\"shape\":[4]}}", "the key \"shape\" is there twice"),
        ("{\"t\u{0}\\ud800\":{}}", "expected a known escape"),
    ];
    for (header, expected) in cases {
        header_refused(header, Kind::Malformed, expected);
    }
    let twice = format!("{{\"t\":{{{FOUR}}},\"t\":{{{FOUR}}}}}");
    let error = header_refused(&twice, Kind::Malformed, "the key \"t\" is there twice");
    assert_eq!(error.offset(), Some(8 + 1 + "\"t\":".len() + FOUR.len() + 2 + 1 + "\"t\":".len()));
    // The same name, spelt with an escape.
    let escaped = format!("{{\"t\":{{{FOUR}}},\"\\u0074\":{{{FOUR}}}}}");
    header_refused(&escaped, Kind::Malformed, "the key \"t\" is there twice");
    let mut not_text = with_header("{\"tt\":{}}", &[]);
    not_text[10] = 0xff;
    refused(not_text, Kind::Malformed, "not UTF-8");
}

#[test]
fn tensors_whose_numbers_are_wrong_are_refused_by_name() {
    let header = |dtype: &str, shape: &str, offsets: &str| {
        format!("{{\"t\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":{offsets}}}}}")
    };
    let cases = [
        (header("F31", "[1]", "[0,4]"), "tensor \"t\" is of the unknown type \"F31\""),
        (header("f32", "[1]", "[0,4]"), "unknown type"),
        (header("F32", "[2]", "[0,4]"), "F32 of shape [2], needs 8 bytes, its offsets hold 4"),
        (header("F32", "[4294967296,4294967296,2]", "[0,4]"), "overflows"),
        (header("F32", "[0,9223372036854775808,2]", "[0,4]"), "needs 0 bytes"),
        (header("F32", "[4611686018427387904]", "[0,4]"), "overflows"),
        (header("F4", "[3]", "[0,2]"), "no whole number of bytes"),
        (header("F32", "[1]", "[4,0]"), "the offsets of tensor \"t\", 4 and 0, are impossible"),
        (header("U8", "[1]", "[18446744073709551614,18446744073709551615]"), "are impossible"),
    ];
    for (header, expected) in cases {
        let error = header_refused(&header, Kind::BadTensor, expected);
        assert_eq!(error.offset(), Some(13));
    }
    header_refused(&header("F32", "[1]", "[0]"), Kind::Malformed, "two offsets");
    header_refused(&header("F32", "[1]", "[0,4,4]"), Kind::TooMany, "more than 2 offsets");
    header_refused(&header("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), Kind::TooMany, "axes");
    header_refused(&header("F32", "[2]", "[0,8]"), Kind::Truncated, "ends at byte");
}

#[test]
fn tensors_cover_the_file_without_lying_over_each_other() {
    let tensor = |name: &str, start: usize, end: usize| {
        let len = end - start;
        format!(
            "\"{name}\":{{\"dtype\":\"U8\",\"shape\":[{len}],\"data_offsets\":[{start},{end}]}}"
        )
    };
    let of = |tensors: &[String]| format!("{{{}}}", tensors.join(","));
    let cases = [
        (
            of(&[tensor("a", 0, 3), tensor("b", 2, 4)]),
            "tensor \"b\" begins before tensor \"a\" ends",
        ),
        (
            of(&[tensor("a", 0, 4), tensor("b", 0, 4)]),
            "tensor \"b\" begins before tensor \"a\" ends",
        ),
        (of(&[tensor("a", 0, 1), tensor("b", 3, 4)]), "2 bytes belong to no tensor"),
        (of(&[tensor("a", 1, 4)]), "1 bytes belong to no tensor"),
        (of(&[tensor("a", 0, 3)]), "1 bytes belong to no tensor"),
        ("{}".to_owned(), "4 bytes belong to no tensor"),
    ];
    for (header, expected) in cases {
        header_refused(&header, Kind::Malformed, expected);
    }
    let whole = of(&[tensor("b", 2, 4), tensor("none", 2, 2), tensor("a", 0, 2)]);
    assert!(Model::from_bytes(with_header(&whole, &[0; 4])).is_ok());
    assert!(Model::from_bytes(with_header("{}  ", &[])).is_ok());
    // A cut at any byte is seen.
    let file = File::default().f32("a", &[2], &[1.0, 2.0]).metadata("k", "v").finish();
    for len in 0..file.len() {
        assert!(Model::from_bytes(file[..len].to_vec()).is_err(), "{len}");
    }
}

#[test]
fn attacks_by_amount_are_refused() {
    let many = |count: usize| {
        let tensors: Vec<_> = (0..count)
            .map(|at| format!("\"{at}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"))
            .collect();
        with_header(&format!("{{{}}}", tensors.join(",")), &[])
    };
    assert_eq!(
        Model::from_bytes(many(limits::TENSORS)).unwrap().safetensors().unwrap().len(),
        limits::TENSORS
    );
    refused(many(limits::TENSORS + 1), Kind::TooMany, "more than 100000 tensors");

    let deep = format!("{{\"a\":{}", "{\"a\":".repeat(1_000_000));
    refused(with_header(&deep, &[]), Kind::Malformed, "unknown key \"a\"");
    let deep = format!("{{\"a\":{{\"shape\":{}", "[".repeat(5_000_000));
    refused(with_header(&deep, &[]), Kind::Malformed, "expected a size");

    let long = format!("{{\"{}\":{{{FOUR}}}}}", "n".repeat(limits::NAME_BYTES + 1));
    header_refused(&long, Kind::TooMany, "at most 65536 are allowed");
    let entries: Vec<_> = (0..=limits::METADATA).map(|at| format!("\"{at}\":\"\"")).collect();
    let header = format!("{{\"__metadata__\":{{{}}}}}", entries.join(","));
    header_refused(&header, Kind::TooMany, "more than 4096 entries");
}

/// A folder with an index of these tensors, and two files of one tensor each.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    write(&folder, "model.safetensors.index.json", &index(files));
    write(&folder, "1.safetensors", &File::default().f32("a", &[1], &[1.0]).finish());
    write(&folder, "2.safetensors", &File::default().f32("b", &[2], &[2.0, 3.0]).finish());
    folder
}

const BOTH: [(&str, &str); 2] = [("a", "1.safetensors"), ("b", "2.safetensors")];

fn write(folder: &TempDir, name: &str, bytes: &[u8]) {
    fs::write(folder.path().join(name), bytes).unwrap();
}

fn open(folder: &TempDir) -> Result<Model, ModelError> {
    Model::open(&folder.path().join("model.safetensors.index.json"))
}

#[track_caller]
fn index_refused(folder: &TempDir, kind: Kind, expected: &str) -> ModelError {
    let error = open(folder).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(expected), "{error}");
    error
}

#[test]
fn tensors_of_several_files_are_one_model() {
    let folder = folder(&BOTH);
    let model = open(&folder).unwrap();
    assert_eq!(model.format(), Format::Safetensors);
    let tensors = model.safetensors().unwrap();
    assert_eq!(tensors.tensor("a").unwrap().to_f32().unwrap(), [1.0]);
    assert_eq!(tensors.require("b", &[2]).unwrap().to_f32().unwrap(), [2.0, 3.0]);
    let sizes = ["model.safetensors.index.json", "1.safetensors", "2.safetensors"]
        .map(|name| fs::metadata(folder.path().join(name)).unwrap().len());
    assert_eq!(model.size_bytes() as u64, sizes.iter().sum::<u64>());

    let digest = model.digest();
    assert_eq!(open(&folder).unwrap().digest(), digest);
    write(&folder, "2.safetensors", &File::default().f32("b", &[2], &[2.0, 4.0]).finish());
    assert_ne!(open(&folder).unwrap().digest(), digest);
}

#[test]
fn index_without_its_folder_is_refused() {
    refused(index(&BOTH), Kind::ExternalData, "which has no folder here");
}

#[test]
fn files_of_an_index_that_are_not_what_it_says_are_refused() {
    index_refused(
        &folder(&[("a", "1.safetensors"), ("c", "2.safetensors")]),
        Kind::ExternalData,
        "tensor \"c\" should be in this file",
    );
    index_refused(
        &folder(&[("a", "1.safetensors"), ("b", "1.safetensors")]),
        Kind::ExternalData,
        "tensor \"b\" should be in this file",
    );
    index_refused(
        &folder(&[("a", "3.safetensors")]),
        Kind::ExternalData,
        "is not beside the model's",
    );

    let shards = folder(&BOTH);
    let both = File::default().f32("b", &[1], &[0.0]).f32("c", &[1], &[0.0]).finish();
    write(&shards, "2.safetensors", &both);
    let error = index_refused(&shards, Kind::Malformed, "the index does not know tensor \"c\"");
    assert!(error.path().unwrap().ends_with("2.safetensors"));
    let other = File::default().f32("b", &[1], &[0.0]).f32("a", &[1], &[0.0]).finish();
    write(&shards, "2.safetensors", &other);
    index_refused(&shards, Kind::Malformed, "is in \"1.safetensors\"");

    let whole = File::default().f32("b", &[2], &[2.0, 3.0]).finish();
    write(&shards, "2.safetensors", &whole[..whole.len() - 1]);
    let error = index_refused(&shards, Kind::Truncated, "tensor \"b\" ends at byte");
    assert!(error.path().unwrap().ends_with("2.safetensors"));
    write(&shards, "2.safetensors", b"");
    index_refused(&shards, Kind::Empty, "empty");
}

#[test]
fn index_names_plain_files_of_its_folder() {
    for name in [
        "../1.safetensors",
        "/1.safetensors",
        "deep/1.safetensors",
        "C:\\1.safetensors",
        "1.bin.safetensors/",
    ] {
        let index = folder(&[("a", "1.safetensors"), ("b", name)]);
        index_refused(&index, Kind::ExternalData, "should be named plainly");
    }
    index_refused(
        &folder(&[("a", "1.safetensors"), ("b", "2.bin")]),
        Kind::ExternalData,
        "end in \".safetensors\"",
    );
    let pickles = Model::from_bytes(index(&[("a", "pytorch_model-00001-of-00002.bin")]));
    assert_eq!(pickles.unwrap_err().kind(), Kind::UnsupportedFormat);

    let twice = br#"{"weight_map":{"a":"1.safetensors","a":"2.safetensors"}}"#;
    refused(twice.to_vec(), Kind::Malformed, "the key \"a\" is there twice");
    let twice = br#"{"weight_map":{"a":"1.safetensors"},"weight_map":{}}"#;
    refused(twice.to_vec(), Kind::Malformed, "the key \"weight_map\" is there twice");
    refused(br#"{"weight_map":{"a":"1.safetensors""#.to_vec(), Kind::Truncated, "cut short");
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_and_devices_are_no_files_of_an_index() {
    use std::os::unix::fs::symlink;

    let outside = TempDir::new().unwrap();
    write(&outside, "w", &File::default().f32("b", &[1], &[0.0]).finish());
    let shards = folder(&BOTH);
    let second = shards.path().join("2.safetensors");
    fs::remove_file(&second).unwrap();
    symlink(outside.path().join("w"), &second).unwrap();
    index_refused(&shards, Kind::ExternalData, "is outside the model's folder");
    fs::remove_file(&second).unwrap();
    symlink("/dev/zero", &second).unwrap();
    index_refused(&shards, Kind::ExternalData, "is outside the model's folder");
    fs::remove_file(&second).unwrap();
    fs::create_dir(&second).unwrap();
    index_refused(&shards, Kind::ExternalData, "is not a regular file");
}
