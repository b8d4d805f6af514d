//! The files in `golden`, which `make.py` wrote with NumPy, SciPy, scikit-learn and SageMaker's SDK.

use std::fs;

use hotplate_codec::{Absent, DecodeErrorKind as Kind, Format, IndexBase, Sparse};
use hotplate_tensor::{DType, RowDim};

use crate::support::{decode, in_blocks, matrix, of, shown, table};

const TABLE: &str = "1.5 0 -2 0 | 0 0.25 0 0.001 | 0 0 0 0 | 7 8 9 10 | 0 0 0 0.1";
const WHOLE: &str = "0 1 2 3 | 4 5 6 7 | 8 9 10 11 | 12 13 14 15 | 16 17 18 19";
const ZEROS: Sparse = Sparse { index_base: IndexBase::One, absent: Absent::Zero };

pub(crate) fn golden(name: &str) -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats/golden/");
    fs::read(format!("{path}{name}")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The rows of a file as a whole; in blocks they are the same.
fn rows(name: &str) -> String {
    let format = Format::from_name(name.rsplit_once('.').unwrap().1).unwrap();
    let file = golden(name);
    let schema = matrix(4);
    let rows = shown(&decode(&schema, format, ZEROS, &file).unwrap());
    if format == Format::Npy {
        for step in [1, 7, 100, 1000] {
            assert_eq!(in_blocks(&schema, format, &file, step).unwrap(), rows, "{name} by {step}");
        }
    }
    rows
}

#[test]
fn binary_files_are_known_by_how_they_begin() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats/golden");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let format = Format::from_name(name.rsplit_once('.').unwrap().1).unwrap();
        if format != Format::Libsvm {
            assert_eq!(Format::guess(&golden(&name)), format, "{name}");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen} files");
}

#[test]
fn arrays_of_every_type_are_read() {
    for name in
        ["float-little-f8", "float-big-f8", "fortran", "version-2", "version-3", "sagemaker"]
    {
        assert_eq!(rows(&format!("{name}.npy")), TABLE, "{name}");
    }
    for name in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"] {
        assert_eq!(rows(&format!("whole-{name}.npy")), WHOLE, "{name}");
    }
    for name in ["i2", "i4", "i8", "u2", "u8"] {
        assert_eq!(rows(&format!("whole-big-{name}.npy")), WHOLE, "{name}");
    }
    assert_eq!(rows("bool.npy"), "1 0 1 0 | 0 1 0 1 | 0 0 0 0 | 1 1 1 1 | 0 0 0 1");
    assert_eq!(rows("one-row.npy"), "7 8 9 10");
    assert_eq!(rows("no-rows.npy"), "");
    // Of fewer digits, as they were saved.
    let single =
        TABLE.replace("0.001", "0.0010000000474974513").replace("0.1", "0.10000000149011612");
    let half = TABLE.replace("0.001", "0.0010004043579101563").replace("0.1", "0.0999755859375");
    for order in ["little", "big"] {
        assert_eq!(rows(&format!("float-{order}-f4.npy")), single);
        assert_eq!(rows(&format!("float-{order}-f2.npy")), half);
    }
}

#[test]
fn arrays_of_text_are_cells_as_in_csv() {
    let schema = table(&[("number", DType::F32), ("word", DType::Str)]);
    for name in ["text-unicode.npy", "text-bytes.npy"] {
        let columns = decode(&schema, Format::Npy, ZEROS, &golden(name)).unwrap();
        assert_eq!(shown(&columns), "1.5 \"é\" | NaN \"z\"", "{name}");
    }
}

#[test]
fn arrays_of_more_dimensions_are_rows_of_a_matrix() {
    let open = || RowDim::Open(None);
    for dims in [vec![RowDim::Fixed(2), RowDim::Fixed(3)], vec![open(), open()]] {
        let schema = of(&[("x", DType::F32, dims)]);
        for name in ["cube.npy", "cube-fortran.npy"] {
            let columns = decode(&schema, Format::Npy, ZEROS, &golden(name)).unwrap();
            assert_eq!(shown(&columns), "0 1 2 3 4 5 | 6 7 8 9 10 11", "{name}");
        }
    }
}

#[test]
fn pickles_and_records_are_refused() {
    for (name, got) in
        [("object.npy", "objects, which are pickled"), ("fields.npy", "an array with named fields")]
    {
        let error = decode(&matrix(2), Format::Npy, ZEROS, &golden(name)).unwrap_err();
        assert_eq!((error.kind(), error.got()), (Kind::WrongType, Some(got)), "{name}");
    }
}

#[test]
fn sparse_matrices_of_every_kind_are_read() {
    for kind in ["csr", "csc", "coo", "bsr"] {
        for packing in ["stored", "deflated"] {
            assert_eq!(rows(&format!("{kind}-{packing}.npz")), TABLE, "{kind} {packing}");
        }
    }
    for name in ["csr-array", "coo-array", "sagemaker"] {
        assert_eq!(rows(&format!("{name}.npz")), TABLE, "{name}");
    }
    assert_eq!(rows("bsr-blocks.npz"), TABLE.rsplit_once(" | ").unwrap().0);
    let missing = decode(&matrix(4), Format::Npz, Sparse::default(), &golden("csr-stored.npz"));
    assert_eq!(
        shown(&missing.unwrap()),
        "1.5 NaN -2 NaN | NaN 0.25 NaN 0.001 | NaN NaN NaN NaN | 7 8 9 10 | NaN NaN NaN 0.1"
    );
    for (name, got) in [("dia.npz", "text \"dia\""), ("dense.npz", "an archive without it")] {
        let error = decode(&matrix(4), Format::Npz, ZEROS, &golden(name)).unwrap_err();
        assert_eq!(error.got(), Some(got), "{name}");
    }
}

#[test]
fn libsvm_of_scikit_learn_is_read() {
    assert_eq!(rows("sklearn-one.libsvm"), TABLE);
    assert_eq!(rows("sklearn-qid.libsvm"), TABLE);
    let zero = golden("sklearn-zero.libsvm");
    for index_base in [IndexBase::Zero, IndexBase::Auto] {
        let sparse = Sparse { index_base, absent: Absent::Zero };
        let columns = decode(&matrix(4), Format::Libsvm, sparse, &zero).unwrap();
        assert_eq!(shown(&columns), TABLE);
    }
    let error = decode(&matrix(4), Format::Libsvm, ZEROS, &zero).unwrap_err();
    assert_eq!((error.kind(), error.row(), error.line()), (Kind::WrongArity, Some(0), Some(5)));
}

#[test]
fn recordio_of_the_sagemaker_sdk_is_read() {
    for kind in ["dense", "sparse"] {
        assert_eq!(rows(&format!("{kind}-float64.recordio")), TABLE, "{kind}");
        assert_eq!(rows(&format!("{kind}-int64.recordio")), WHOLE, "{kind}");
        let single = rows(&format!("{kind}-float32.recordio"));
        assert_eq!(
            single.replace("0.0010000000474974513", "0.001"),
            TABLE.replace("0.1", "0.10000000149011612")
        );
    }
    assert_eq!(rows("sagemaker.recordio"), TABLE);
    let vector = decode(&matrix(2), Format::RecordIo, ZEROS, &golden("vector.recordio"));
    assert_eq!(shown(&vector.unwrap()), "1 2");
}
