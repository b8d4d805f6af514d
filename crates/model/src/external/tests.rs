use std::fs;

use tempfile::TempDir;

use super::*;
use crate::{
    Model, ModelErrorKind as Kind,
    onnx::fixture::{self, FLOAT, Writer, external, full_graph},
};

/// A folder with a model whose tensors of three float32 are at these places.
fn folder(places: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let graph = places.iter().enumerate().fold(full_graph(), |graph, (at, (location, offset))| {
        let constant = external(&format!("t{at}"), FLOAT, &[3], location, offset);
        fixture::with_constant(graph, &constant)
    });
    write(&folder, "model.onnx", &fixture::model(&graph).finish());
    folder
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) {
    fs::write(folder.path().join(name), bytes).unwrap();
}

fn files(folder: &TempDir) -> Result<Vec<ExternalFile>, ModelError> {
    Model::open(&folder.path().join("model.onnx")).unwrap().external_files()
}

#[track_caller]
fn refused(folder: &TempDir, expected: &str) {
    let error = files(folder).unwrap_err();
    assert_eq!(error.kind(), Kind::ExternalData, "{error}");
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!(error.path(), Some(&*folder.path().join("model.onnx")));
}

#[test]
fn each_file_is_found_once_and_read_as_far_as_it_is_needed() {
    let folder = folder(&[("w.bin", "0"), ("deep/er/w", "4"), ("w.bin", "12"), ("./w.bin", "0")]);
    fs::create_dir_all(folder.path().join("deep/er")).unwrap();
    write(&folder, "w.bin", &[7; 24]);
    write(&folder, "deep/er/w", &[9; 17]);
    let files = files(&folder).unwrap();
    let names: Vec<_> = files.iter().map(|file| (&*file.name, file.size_bytes())).collect();
    assert_eq!(names, [("w.bin", 24), ("deep/er/w", 17), ("./w.bin", 24)]);
    assert_eq!(*files[0].read().unwrap(), [7; 24]);
    assert_eq!(*files[1].read().unwrap(), [9; 16]);
    assert_eq!(*files[2].read().unwrap(), [7; 12]);
}

#[test]
fn model_without_external_data_has_no_files() {
    assert!(files(&folder(&[])).unwrap().is_empty());
    let model = Model::from_bytes(fixture::model(&full_graph()).finish()).unwrap();
    assert!(model.external_files().unwrap().is_empty());
}

#[test]
fn paths_out_of_the_folder_are_refused_unseen() {
    let cases = [
        ("../w.bin", "\"..\" in"),
        ("deep/../../w.bin", "\"..\" in"),
        ("deep/../w.bin", "\"..\" in"),
        ("..", "\"..\" in"),
        (".", "not a regular file"),
        ("./", "not a regular file"),
        ("/etc/hostname", "from the model's folder"),
        ("//server/share", "from the model's folder"),
        ("C:\\w.bin", "a backslash"),
        ("C:w.bin", "from the model's folder"),
        ("c:/w.bin", "from the model's folder"),
        ("\\\\server\\share", "a backslash"),
        ("..\\w.bin", "a backslash"),
        ("w\0.bin", "a NUL"),
        ("*/_ORT_MEM_ADDR_/*", "an asterisk"),
    ];
    for (location, expected) in cases {
        refused(&folder(&[(location, "0")]), expected);
    }
    // Exporters name files after tensors.
    let folder = folder(&[("onnx::MatMul_12", "0")]);
    if cfg!(unix) {
        write(&folder, "onnx::MatMul_12", &[0; 12]);
        assert_eq!(files(&folder).unwrap().len(), 1);
    }
}

#[test]
fn files_that_are_not_there_or_none_are_refused() {
    refused(&folder(&[("w.bin", "0")]), "is not beside the model's");
    refused(&folder(&[("absent/w.bin", "0")]), "is not beside the model's");
    refused(&folder(&[("model.onnx/w.bin", "0")]), "cannot be read");
    let folder = folder(&[("w.bin", "0")]);
    fs::create_dir(folder.path().join("w.bin")).unwrap();
    refused(&folder, "is not a regular file");
}

#[cfg(unix)]
#[test]
fn pipe_is_refused_without_waiting() {
    let folder = folder(&[("w.bin", "0")]);
    let pipe = folder.path().join("w.bin");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    refused(&folder, "is not a regular file");
}

#[test]
fn tensors_past_the_end_are_refused() {
    for (offset, bytes) in [("0", 11), ("1", 12), ("9223372036854775807", 12)] {
        let folder = folder(&[("w.bin", offset)]);
        write(&folder, "w.bin", &vec![0; bytes]);
        refused(&folder, &format!("has {bytes} bytes, "));
    }
    // Whose end overflows is refused as soon as it is read.
    let constant = external("t", FLOAT, &[3], "w.bin", "18446744073709551605");
    let file = fixture::model(&fixture::with_constant(Writer::default(), &constant)).finish();
    assert_eq!(Model::from_bytes(file).unwrap_err().kind(), Kind::ExternalData);
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_refused_and_links_within_are_not() {
    use std::os::unix::fs::symlink;
    let outside = TempDir::new().unwrap();
    write(&outside, "secret", &[0; 12]);
    let folder = folder(&[("deep/w.bin", "0")]);
    let deep = folder.path().join("deep");
    symlink(outside.path(), &deep).unwrap();
    write(&outside, "w.bin", &[0; 12]);
    refused(&folder, "is outside the model's folder");
    fs::remove_file(&deep).unwrap();
    fs::create_dir(&deep).unwrap();
    symlink(outside.path().join("secret"), deep.join("w.bin")).unwrap();
    refused(&folder, "is outside the model's folder");
    fs::remove_file(deep.join("w.bin")).unwrap();
    symlink("../real", deep.join("w.bin")).unwrap();
    write(&folder, "real", &[3; 12]);
    assert_eq!(*files(&folder).unwrap()[0].read().unwrap(), [3; 12]);
    fs::remove_file(deep.join("w.bin")).unwrap();
    fs::hard_link(outside.path().join("secret"), deep.join("w.bin")).unwrap();
    refused(&folder, "has a second name");
}

#[cfg(unix)]
#[test]
fn folder_that_is_a_link_is_a_folder() {
    let folder = folder(&[("w.bin", "0")]);
    write(&folder, "w.bin", &[5; 12]);
    let elsewhere = TempDir::new().unwrap();
    let link = elsewhere.path().join("model");
    std::os::unix::fs::symlink(folder.path(), &link).unwrap();
    let model = Model::open(&link.join("model.onnx")).unwrap();
    assert_eq!(*model.external_files().unwrap()[0].read().unwrap(), [5; 12]);
}

#[test]
fn file_that_changed_since_it_was_checked_is_not_read() {
    let folder = folder(&[("w.bin", "0")]);
    write(&folder, "w.bin", &[1; 12]);
    let [file] = &files(&folder).unwrap()[..] else { panic!("there is one") };
    for bytes in [&[1; 11][..], &[1; 13]] {
        write(&folder, "w.bin", bytes);
        let error = file.read().unwrap_err();
        assert_eq!(error.kind(), Kind::ExternalData);
        assert!(error.to_string().contains("changed while it was read"), "{error}");
    }
    if cfg!(unix) {
        write(&folder, "other", &[2; 12]);
        fs::rename(folder.path().join("other"), folder.path().join("w.bin")).unwrap();
        assert!(file.read().is_err(), "another file of the same size");
    }
    fs::remove_file(folder.path().join("w.bin")).unwrap();
    assert!(file.read().is_err());
}

#[test]
fn file_is_not_read_behind_what_is_needed() {
    let folder = folder(&[("w.bin", "4")]);
    // Sparse: it takes no room on the disk, and far more than there is in memory.
    let file = File::create(folder.path().join("w.bin")).unwrap();
    file.set_len(1 << 43).unwrap();
    assert_eq!(*files(&folder).unwrap()[0].read().unwrap(), [0; 16]);
}

#[test]
fn lack_of_memory_is_an_error() {
    let folder = folder(&[("w.bin", "0")]);
    write(&folder, "w.bin", &[0; 12]);
    let mut file = files(&folder).unwrap().remove(0);
    for needed in [1 << 62, u64::MAX] {
        file.needed = needed;
        let error = file.read().unwrap_err();
        assert_eq!(error.kind(), Kind::ExternalData);
        assert!(error.to_string().contains("there is no memory for"), "{error}");
    }
}

#[test]
fn more_than_is_read_is_refused() {
    let elements = i64::try_from(limits::EXTERNAL_BYTES / 8 + 1).unwrap();
    let graph = ["a", "b"].iter().fold(full_graph(), |graph, name| {
        fixture::with_constant(graph, &external(name, FLOAT, &[elements], name, "0"))
    });
    let folder = TempDir::new().unwrap();
    write(&folder, "model.onnx", &fixture::model(&graph).finish());
    for name in ["a", "b"] {
        let file = File::create(folder.path().join(name)).unwrap();
        file.set_len(limits::EXTERNAL_BYTES / 2 + 4).unwrap();
    }
    refused(&folder, "tensors need more than 17179869184 bytes of");
    let places: Vec<String> = (0..=limits::EXTERNAL_FILES).map(|at| format!("w{at}")).collect();
    let places: Vec<_> = places.iter().map(|place| (&**place, "0")).collect();
    let folder = self::folder(&places);
    for (place, _) in &places {
        write(&folder, place, &[0; 12]);
    }
    refused(&folder, "more than 4096 other files");
}
