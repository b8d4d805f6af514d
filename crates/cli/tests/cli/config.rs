use std::{fs, path::Path};

use crate::support::{Run, hotplate, program, root};

/// A folder with this `hotplate.toml`.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hotplate.toml"), text).unwrap();
    folder
}

fn config(arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let arguments = [&["config"], arguments].concat();
    let output = program().args(arguments).envs(variables.iter().copied()).output().unwrap();
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The settings that a check of the folder's file lists.
fn checked(folder: &Path) -> Vec<String> {
    let [lines, of_file] = [folder.to_owned(), folder.join("hotplate.toml")].map(|path| {
        let check = hotplate(&["config", "--check", path.to_str().unwrap()]);
        check.lines().into_iter().map(str::to_owned).collect::<Vec<_>>()
    });
    assert_eq!(lines, of_file);
    let (ok, settings) = lines.split_last().unwrap();
    assert!(ok.ends_with("hotplate.toml: ok"), "{lines:?}");
    settings.to_vec()
}

#[test]
fn example_passes_its_own_check() {
    let example = hotplate(&["config", "--example"]);
    let has = |lines: &[String], line: &str| {
        assert!(lines.iter().any(|other| other == line), "{line}: {lines:?}");
    };
    let text: Vec<String> = example.lines().into_iter().map(str::to_owned).collect();
    for line in ["[model]", "threshold = 0.4", "## [[variant]]", "[serve]", "port = 8080"] {
        has(&text, line);
    }
    assert!(text.iter().all(|line| line.len() <= 100), "{text:?}");
    let keys = |text: &[String]| {
        text.iter().filter(|line| !line.starts_with('#') && line.contains(" = ")).count()
    };

    // As it was printed.
    let folder = folder(&example.out);
    let settings = checked(folder.path());
    assert_eq!(settings.len(), keys(&text), "{settings:?}");
    has(&settings, "[serve] port = 8080");
    has(&settings, "[admin] token = (not shown)");
    assert!(settings.iter().all(|setting| !setting.starts_with("[variant")), "{settings:?}");

    // With the lines about files that are there now.
    fs::create_dir(folder.path().join("v1")).unwrap();
    let text: Vec<String> =
        text.iter().map(|line| line.strip_prefix("## ").unwrap_or(line).to_owned()).collect();
    fs::write(folder.path().join("hotplate.toml"), text.join("\n")).unwrap();
    let settings = checked(folder.path());
    assert_eq!(settings.len(), keys(&text), "{settings:?}");
    has(&settings, "[variant[0]] weight = 1.0");
}

#[test]
fn check_tells_everything_that_is_wrong_and_where() {
    let text = "[model]\ntreshold = 0.4\ninstances = 0\n\n[serve]\nport = \"x\"\nlog_request = true\n\n\
                [sevre]\n";
    let folder = folder(text);
    let path = folder.path().to_str().unwrap();
    let check = hotplate(&["config", "--check", path]);
    let faults = check.failed(1);
    for fault in [
        ":2: [model] unknown key `treshold`; did you mean `threshold`?",
        ":3: [model] instances: expected 1 to 1024, got 0",
        ":6: [serve] port: expected a port from 0 to 65535, got \"x\"",
        ":7: [serve] unknown key `log_request`; did you mean `log_requests`?",
        ":9: unknown key `sevre`; did you mean `serve`?",
    ] {
        assert!(faults.contains(fault), "{fault}: {faults}");
    }
    assert_eq!(faults.lines().count(), 5, "{faults}");

    fs::write(folder.path().join("hotplate.toml"), "[serve\n").unwrap();
    assert!(hotplate(&["config", "--check", path]).failed(1).contains("line 1"));
    fs::remove_file(folder.path().join("hotplate.toml")).unwrap();
    assert!(hotplate(&["config", "--check", path]).failed(1).contains("hotplate.toml"));
}

#[test]
fn check_looks_at_variants_together() {
    let text = "[[variant]]\nname = \"a\"\nmodel = \"here\"\nweight = 0\n\n\
                [[variant]]\nname = \"a\"\nmodel = \"gone\"\nweight = 0\n\n\
                [[variant]]\nname = \"b\"\nshadow = true\n\n\
                [[variant]]\nname = \"c\"\nmodel = \"here\"\nshadow = true\n";
    let folder = folder(text);
    fs::create_dir(folder.path().join("here")).unwrap();
    let path = folder.path().to_str().unwrap();
    let check = hotplate(&["config", "--check", path]);
    let faults = check.failed(1);
    for fault in [
        ":7: [variant[1]] name: another variant is called \"a\"",
        ":8: [variant[1]] model: there is no file or folder",
        "[variant[2]]: it needs a `model`, a folder or a file",
        "[variant]: one of them must have a weight above 0 and answer",
        ":18: [variant[3]] shadow: \"b\" is the shadow, and there is one",
    ] {
        assert!(faults.contains(fault), "{fault}: {faults}");
    }
    assert_eq!(faults.lines().count(), 5, "{faults}");

    let text = "[[variant]]\nname = \"a\"\nwieght = 2\nsample = 3\nweight = -1\n";
    fs::write(folder.path().join("hotplate.toml"), text).unwrap();
    let check = hotplate(&["config", "--check", path]);
    let faults = check.failed(1);
    for fault in [
        ":3: [variant[0]] unknown key `wieght`; did you mean `weight`?",
        ":4: [variant[0]] sample: expected a probability from 0 to 1, got 3",
        ":5: [variant[0]] weight: expected a number of at least 0, got -1",
    ] {
        assert!(faults.contains(fault), "{fault}: {faults}");
    }
}

#[test]
fn settings_are_told_with_who_says_them() {
    let folder = folder("[model]\nthreshold = 0.4\n\n[serve]\nport = 81\ndrain_seconds = 5\n");
    let path = folder.path().to_str().unwrap();
    let variables = [
        ("HOTPLATE_LOG_REQUESTS", "yes"),
        ("SAGEMAKER_BIND_TO_PORT", "82"),
        ("SAGEMAKER_MAX_PAYLOAD_IN_MB", "6"),
    ];
    let run = config(&[path, "--threads", "3"], &variables);
    let words: Vec<Vec<_>> =
        run.lines().iter().map(|line| line.split_whitespace().collect()).collect();
    let file = folder.path().join("hotplate.toml");
    let line = |line| format!("{}:{line}", file.display());
    for expected in [
        ["[model]", "threshold", "0.4", &line(2)],
        ["[serve]", "port", "82", "SAGEMAKER_BIND_TO_PORT"],
        ["[serve]", "threads", "3", "--threads"],
        ["[serve]", "max_body_bytes", "6MiB", "SAGEMAKER_MAX_PAYLOAD_IN_MB"],
        ["[serve]", "drain_seconds", "5", &line(6)],
        ["[serve]", "log_requests", "yes", "HOTPLATE_LOG_REQUESTS"],
        ["[serve]", "lock_memory", "true", "default"],
    ] {
        assert!(words.iter().any(|words| words[..] == expected), "{expected:?}: {words:?}");
    }
    let run = config(&[path], &[("HOTPLATE_PORT", "http")]);
    assert!(run.failed(1).contains("HOTPLATE_PORT: expected a port"), "{}", run.err);
}

#[test]
fn base_folder_of_sagemaker_may_lie_elsewhere() {
    let base = tempfile::tempdir().unwrap();
    fs::create_dir(base.path().join("model")).unwrap();
    fs::write(base.path().join("model/hotplate.toml"), "[serve]\nport = 83\n").unwrap();
    let run = config(&[], &[("SAGEMAKER_BASE_DIR", base.path().to_str().unwrap())]);
    let port = run.lines().into_iter().find(|line| line.contains("port")).unwrap().to_owned();
    assert!(port.contains("83") && port.contains("hotplate.toml:2"), "{port}");
}

#[test]
fn readme_shows_keys_that_there_are() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, shown) = readme.split_once("```toml\n[model]").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    let folder = folder(&format!("[model]{shown}"));
    let check = hotplate(&["config", "--check", folder.path().to_str().unwrap()]);
    assert!(check.lines().contains(&"[serve] max_body_bytes = \"25MiB\""), "{}", check.out);
}

#[test]
fn file_for_a_model_is_not_asked_how_to_serve() {
    let folder = folder("[serve]\nport = 84\n");
    let model = folder.path().join("model.onnx");
    fs::write(&model, b"").unwrap();
    let run = config(&[model.to_str().unwrap()], &[]);
    let port = run.lines().into_iter().find(|line| line.contains("port")).unwrap().to_owned();
    assert!(port.contains("8080") && port.ends_with("default"), "{port}");
}
