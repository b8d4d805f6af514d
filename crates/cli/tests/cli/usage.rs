use crate::support::hotplate;

#[test]
fn no_command_gets_help_and_is_wrong_usage() {
    let run = hotplate(&[]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    for word in ["serve", "predict", "inspect", "verify", "diff", "trace", "bench", "Examples:"] {
        assert!(run.err.contains(word), "{word}");
    }
}

#[test]
fn every_command_teaches_by_example() {
    for command in ["serve", "predict", "inspect", "verify", "diff", "trace", "bench"] {
        let run = hotplate(&[command, "--help"]);
        let text = run.lines().join("\n");
        assert!(text.contains(&format!("  hotplate {command} models/churn")), "{text}");
    }
    for command in ["serve", "predict", "inspect", "verify", "diff", "trace", "bench"] {
        let run = hotplate(&[command, "--help"]);
        for word in ["HOTPLATE_BACKEND", "HOTPLATE_DEVICE", "--require-device", "ORT_DYLIB_PATH"] {
            assert!(run.out.contains(word), "{word} in {}", run.out);
        }
    }
    let version = hotplate(&["--version"]);
    assert_eq!(version.lines(), [format!("hotplate {}", env!("CARGO_PKG_VERSION"))]);
}

#[test]
fn slip_is_answered_with_what_was_meant() {
    let told = |arguments: &[&str], words: &str| {
        let run = hotplate(arguments);
        let message = run.failed(2);
        assert!(message.contains(words), "{message}");
    };
    told(&["sreve"], "'serve'");
    told(&["predict", "models/churn", "--inptu", "rows.csv"], "'--input'");
    told(&["serve", "--port", "99999"], "expected a port from 0 to 65535");
    told(
        &["predict", "models/churn", "--output-format", "xml"],
        "expected csv, json, jsonl, npy or recordio",
    );
    told(
        &["predict", "models/churn", "--output-format", "npz"],
        "expected csv, json, jsonl, npy or recordio",
    );
    told(&["inspect"], "<MODEL>");
    told(&["serve", "--backend", "onnx"], "possible values: auto, native, onnxruntime");
    told(&["verify", "models/churn", "--device", "gpu"], "expected auto, cpu, cuda, cuda:N");
}
