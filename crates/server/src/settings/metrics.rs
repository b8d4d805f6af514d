//! The keys of `[metrics]`.

use hotplate::config::{Count, Kind, Truth, Written};

hotplate::settings! {
    /// What is told of requests; in the folder that is served.
    pub struct Metrics = "metrics" {
        /// Time the phases of each request, which reads the clock three times more.
        phases: Truth = true;
        /// Tell in each reply who answered and where the time went, in `Server-Timing` and in
        /// `X-Amzn-SageMaker-Custom-Attributes`; else those that ask by the attribute `timing`.
        server_timing: Truth = false;
        /// Write CloudWatch's embedded metrics on standard output, a line per variant and period.
        emf: Truth = false;
        /// Namespace of these in CloudWatch.
        emf_namespace: Namespace = "Hotplate".to_owned();
        /// Seconds of a period.
        emf_period_seconds: Count = 60;
    }
}

/// A namespace of CloudWatch's that is not AWS's own.
#[derive(Debug)]
pub struct Namespace;

impl Kind for Namespace {
    type Value = String;
    const PLACEHOLDER: &'static str = "NAME";

    fn of_text(text: &str) -> Result<String, &'static str> {
        const LONGEST: usize = 256;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._#:/-".contains(&byte);
        let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(allowed);
        if fits && !text.starts_with("AWS/") {
            return Ok(text.to_owned());
        }
        Err("up to 256 letters, digits and any of . _ # : / -, not beginning with AWS/")
    }
}

impl Written for Namespace {
    fn write(namespace: &String) -> String {
        format!("\"{namespace}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_those_that_cloudwatch_takes() {
        for name in ["Hotplate", "a/b.c_d#e:f-1"] {
            assert_eq!(Namespace::of_text(name).as_deref(), Ok(name));
        }
        for name in ["", "AWS/SageMaker", "a b", "\u{e9}", &"x".repeat(257)] {
            assert!(Namespace::of_text(name).is_err(), "{name}");
        }
    }
}
