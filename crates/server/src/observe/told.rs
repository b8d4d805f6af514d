//! What a reply tells of itself where that is asked for.

use std::fmt::Write as _;

use hotplate::Engine;

use crate::reply::{Phases, Reply};

/// SageMaker lets no more through.
const MOST_ATTRIBUTES: usize = 1024;

/// Who answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Teller<'t> {
    pub(crate) model: &'t str,
    pub(crate) variant: &'t str,
    pub(crate) engine: &'t Engine,
}

/// Adds two headers to a reply: `Server-Timing`, which browsers and proxies know, with phases in
/// milliseconds, and `X-Amzn-SageMaker-Custom-Attributes`, the only one that SageMaker lets through
/// to its clients, with who answered and the phases in microseconds:
///
/// ```text
/// server-timing: parse;dur=0.0021, queue;dur=0.0000, compute;dur=0.0043, encode;dur=0.0008, total;dur=0.0089
/// x-amzn-sagemaker-custom-attributes: model=churn; variant=AllTraffic; sha256=5f...; parse_us=2.1; ...
/// ```
pub(crate) fn tell(teller: Teller<'_>, reply: &mut Reply) {
    let Phases { parse, queue, compute, encode, total, .. } = reply.phases;
    let phases = [
        ("parse", parse),
        ("queue", queue),
        ("compute", compute),
        ("encode", encode),
        ("total", total),
    ];
    let Teller { model, variant, engine } = teller;
    let mut timing = String::new();
    let mut attributes = format!("model={model}; variant={variant}; sha256={}", engine.sha256());
    for (name, time) in phases {
        let separator = if timing.is_empty() { "" } else { ", " };
        // Writing to a `String` cannot fail.
        let _ = write!(timing, "{separator}{name};dur={:.4}", time.as_secs_f64() * 1e3);
        let _ = write!(attributes, "; {name}_us={:.1}", time.as_secs_f64() * 1e6);
    }
    reply.headers.push(("server-timing", timing));
    // Names are short as a rule, but nothing keeps a variant's from being none.
    if attributes.len() <= MOST_ATTRIBUTES && attributes.is_ascii() {
        reply.headers.push(("x-amzn-sagemaker-custom-attributes", attributes));
    }
}
