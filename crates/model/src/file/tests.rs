use std::{fs::File, io::Write as _};

use tempfile::{NamedTempFile, TempDir};

use super::*;
use crate::{
    Format, Model, ModelErrorKind as Kind,
    onnx::fixture::{Writer, full_graph, model},
};

fn kind_of(path: &Path) -> Kind {
    Model::open(path).unwrap_err().kind()
}

fn file_of(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[test]
fn small_file_is_read_and_identified() {
    let bytes = model(&full_graph()).finish();
    let file = file_of(&bytes);
    let opened = Model::open(file.path()).unwrap();
    assert!(matches!(FileBytes::open(file.path()).unwrap(), FileBytes::Owned(_)));
    assert_eq!((opened.format(), opened.size_bytes()), (Format::Onnx, bytes.len()));
    assert_eq!(opened.format().to_string(), "ONNX");
    assert_eq!(opened.digest(), Model::from_bytes(bytes).unwrap().digest());
}

#[test]
fn digest_is_lower_case_hexadecimal() {
    let model = Model::from_bytes(Writer::default().int(1, 10).bytes(7, &[]).finish()).unwrap();
    // printf '\x08\x0a\x3a\x00' | sha256sum
    let expected = "4bc2dcba5abef40ed8e0ced1e333c04f7334ad4929e79e857ef5f1862ac68f78";
    assert_eq!(model.digest().to_string(), expected);
}

#[test]
fn large_file_is_mapped_and_read_alike() {
    let doc = "d".repeat(usize::try_from(limits::READ_BYTES).unwrap());
    let bytes = model(&full_graph().text(10, &doc)).finish();
    let file = file_of(&bytes);
    assert!(matches!(FileBytes::open(file.path()).unwrap(), FileBytes::Mapped(_)));
    let opened = Model::open(file.path()).unwrap();
    assert_eq!(opened.bytes(), bytes);
    assert_eq!(opened.onnx().unwrap().graph.nodes.len(), 2);
}

#[test]
fn what_is_no_regular_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let error = Model::open(folder.path()).unwrap_err();
    assert_eq!(error.kind(), Kind::NotAFile);
    assert!(error.to_string().ends_with("expected a regular file, got a directory"));
    assert_eq!(kind_of(&folder.path().join("absent.onnx")), Kind::NotFound);
    assert_eq!(kind_of(&file_of(b"").path().join("beneath.onnx")), Kind::Unreadable);
}

#[cfg(unix)]
#[test]
fn pipes_sockets_and_devices_are_refused_without_waiting() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert_eq!(kind_of(&socket), Kind::NotAFile);
    assert_eq!(kind_of(Path::new("/dev/null")), Kind::NotAFile);
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(kind_of(&pipe), Kind::NotAFile);
}

#[test]
fn empty_and_oversized_files_are_refused_before_reading() {
    assert_eq!(kind_of(file_of(b"").path()), Kind::Empty);
    // Sparse: it takes no room on the disk.
    let file = file_of(b"");
    file.as_file().set_len(limits::FILE_BYTES + 1).unwrap();
    assert_eq!(kind_of(file.path()), Kind::TooLarge);
}

#[test]
fn file_that_grows_or_shrinks_meanwhile_is_refused() {
    let file = file_of(b"0123456789");
    for len in [9, 11] {
        let file = File::open(file.path()).unwrap();
        assert_eq!(read(&file, len).unwrap_err().kind(), Kind::Unreadable);
    }
}

#[test]
fn refusal_of_what_a_file_holds_names_the_file() {
    let file = file_of(&model(&Writer::default().bytes(1, &[])).finish());
    let error = Model::open(file.path()).unwrap_err();
    assert_eq!(error.path(), Some(file.path()));
    let named = format!("{}: the operator of a node is missing, at byte ", file.path().display());
    assert!(error.to_string().starts_with(&named), "{error}");
}
