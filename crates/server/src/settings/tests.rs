use std::{collections::BTreeSet, fs};

use hotplate::config::{FILE_NAME, SECTIONS, TABLES};
use hotplate_codec::Format;

use super::*;

fn file(text: &str) -> ConfigFile {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE_NAME), text).unwrap();
    ConfigFile::in_folder(folder.path()).unwrap()
}

/// What these flags, these variables and this file say.
fn settings(
    flags: &[(&str, &str)],
    variables: &[(&str, &str)],
    text: &str,
) -> Result<Settings, String> {
    let of = |pairs: &[(&str, &str)], name: &str| {
        pairs.iter().find(|&&(key, _)| key == name).map(|&(_, value)| value.to_owned())
    };
    let sources = Sources {
        flag: &|key| of(flags, &key.flag()),
        variable: &|name| of(variables, name).map(OsString::from),
        file: &file(text),
    };
    Settings::of(&sources).map_err(|error| error.to_string())
}

#[test]
fn flag_wins_over_variable_over_platform_over_file_over_default() {
    let port =
        |flags: &[_], variables: &[_], text| settings(flags, variables, text).unwrap().serve.port();
    let flag = ("port", "1");
    let ours = ("HOTPLATE_PORT", "2");
    let platform = ("SAGEMAKER_BIND_TO_PORT", "3");
    let text = "[serve]\nport = 4";
    assert_eq!(port(&[flag], &[ours, platform], text), 1);
    assert_eq!(port(&[], &[platform, ours], text), 2);
    assert_eq!(port(&[], &[("HOTPLATE_PORT", ""), platform], text), 3);
    assert_eq!(port(&[], &[], text), 4);
    assert_eq!(port(&[], &[], ""), 8080);
}

#[test]
fn every_source_adds_what_the_others_leave_open() {
    let flags = [("threads", "2"), ("log-requests", "yes")];
    let variables =
        [("HOTPLATE_LOCK_MEMORY", "off"), ("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/csv")];
    let said = settings(&flags, &variables, "[serve]\nhost = \"h\"\ndrain_seconds = 5").unwrap();
    let expected = Serve {
        host: Some("h".into()),
        threads: Some(2),
        drain_seconds: Some(5),
        log_requests: Some(true),
        default_accept: Some(Format::Csv),
        lock_memory: Some(false),
        ..Serve::default()
    };
    assert_eq!(said.serve, expected);
}

#[test]
fn variables_of_sagemaker_count_in_their_order_and_units() {
    let bytes = |variables: &[_]| settings(&[], variables, "").unwrap().serve.max_body_bytes();
    let request = ("SAGEMAKER_MAX_REQUEST_SIZE", "1000");
    let payload = ("SAGEMAKER_MAX_PAYLOAD_IN_MB", "6");
    let content = ("MAX_CONTENT_LENGTH", "2000");
    assert_eq!(bytes(&[content, payload, request]), 1000);
    assert_eq!(bytes(&[content, payload]), 6 << 20);
    assert_eq!(bytes(&[content]), 2000);
    assert_eq!(bytes(&[]), 25 << 20);
    let workers = settings(&[], &[("SAGEMAKER_MODEL_SERVER_WORKERS", "3")], "").unwrap();
    assert_eq!(workers.serve.threads, Some(3));
}

#[test]
fn refusals_name_what_was_expected_and_got() {
    let refused =
        |flags: &[_], variables: &[_], text| settings(flags, variables, text).unwrap_err();
    let error = refused(&[("port", "http")], &[], "");
    assert_eq!(error, "--port: expected a port from 0 to 65535, got \"http\"");
    let error = refused(&[], &[("HOTPLATE_THREADS", "0")], "");
    assert_eq!(error, "HOTPLATE_THREADS: expected a whole number, at least 1, got \"0\"");
    let error = refused(&[], &[("SAGEMAKER_MAX_PAYLOAD_IN_MB", "six")], "");
    let expected = "SAGEMAKER_MAX_PAYLOAD_IN_MB: expected a whole number of MiB, got \"six\"";
    assert_eq!(error, expected);
    let error = refused(&[], &[("HOTPLATE_LOG_REQUESTS", "perhaps")], "");
    assert_eq!(error, "HOTPLATE_LOG_REQUESTS: expected true or false, got \"perhaps\"");
    let error = refused(&[], &[], "[serve]\ndefault_accept = \"text/html\"");
    let end = ":2: [serve] default_accept: expected application/json, text/csv, \
               application/jsonlines, application/x-npy or application/x-recordio-protobuf, \
               got \"text/html\"";
    assert!(error.ends_with(end), "{error}");
    let error = refused(&[("port", "1")], &[], "[serve]\n\nport = \"x\"");
    assert!(error.ends_with(":3: [serve] port: expected a port from 0 to 65535, got \"x\""));
    let error = refused(&[], &[], "[serve]\nthreds = 1");
    assert!(
        error.ends_with(":2: [serve] unknown key `threds`; did you mean `threads`?"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn variable_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;

    let file = ConfigFile::default();
    let sources = Sources {
        flag: &|_| None,
        variable: &|name| (name == "HOTPLATE_HOST").then(|| OsString::from_vec(vec![0xff])),
        file: &file,
    };
    let error = Settings::of(&sources).unwrap_err();
    assert_eq!(error.to_string(), "HOTPLATE_HOST: expected UTF-8 text");
}

#[test]
fn origins_are_told() {
    let file = file("[serve]\nport = 1\nthreads = 3");
    let sources = Sources {
        flag: &|key| (key.name == "host").then(|| "h".to_owned()),
        variable: &|name| (name == "SAGEMAKER_MAX_PAYLOAD_IN_MB").then(|| "6".into()),
        file: &file,
    };
    let values: Vec<_> =
        Serve::KEYS.iter().take(5).map(|key| sources.value(key).unwrap()).collect();
    let expected = [
        ("h".into(), Origin::Said("--host".into())),
        ("1".into(), Origin::Line(2)),
        ("3".into(), Origin::Line(3)),
        ("6MiB".into(), Origin::Said("SAGEMAKER_MAX_PAYLOAD_IN_MB".into())),
        ("25".into(), Origin::Default),
    ];
    assert_eq!(values, expected);
}

#[test]
fn tables_are_known_to_whoever_reads_the_file_first() {
    for table in Settings::TABLES {
        assert!(SECTIONS.contains(&table.name), "{}", table.name);
    }
    let tables = TABLES.iter().chain(Settings::TABLES).map(|table| table.name);
    assert!(tables.eq(SECTIONS), "a table that nothing declares");
}

#[test]
fn no_two_keys_share_a_flag_or_a_variable() {
    let keys: Vec<_> = Settings::TABLES.iter().flat_map(|table| table.keys).collect();
    let flags: BTreeSet<_> = keys.iter().map(|key| key.flag()).collect();
    assert_eq!(flags.len(), keys.len());
    let variables = keys.iter().flat_map(|key| {
        let others = key.aliases.iter().map(|alias| alias.variable.to_owned());
        others.chain([key.variable()])
    });
    let (all, different): (Vec<_>, BTreeSet<_>) =
        (variables.clone().collect(), variables.collect());
    assert_eq!(all.len(), different.len());
}
