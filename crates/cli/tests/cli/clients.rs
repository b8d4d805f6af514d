//! The clients that AWS has, in Python, against the program as a server.

use std::{env, path::Path, process::Command};

use crate::{needs, support::root};

/// Runs the tests of one version of the SageMaker SDK and of what is installed beside it.
fn run(test: &str, version: &str) {
    let Some(python) = needs::clients(test, version) else { return };
    let tests = root().join("crates/cli/tests/clients").canonicalize().unwrap();
    let folder = tests.join(version);
    let output = Command::new(python)
        .args(["-W", "ignore", "-m", "unittest", "discover", "--start-directory"])
        .arg(folder)
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap())
        .env("HOME", env::temp_dir())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONPATH", tests)
        .env("HOTPLATE", Path::new(env!("CARGO_BIN_EXE_hotplate")))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stdout));
    // One that found nothing to run would go well, too.
    assert!(said.contains("\nOK\n"), "{said}");
}

#[test]
fn boto3_the_second_sdk_and_the_command_line_are_served() {
    run("boto3_the_second_sdk_and_the_command_line_are_served", "v2");
}

#[test]
fn third_sdk_is_served() {
    run("third_sdk_is_served", "v3");
}
