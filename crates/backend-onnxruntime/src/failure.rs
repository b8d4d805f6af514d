//! What ONNX Runtime says when it refuses, as errors of our own.

use hotplate_backend::{BackendError, BackendErrorKind as Kind, Refusal};
use hotplate_model::onnx::Graph;
use ort::ErrorCode;

/// A graph that no session was made of.
pub(crate) fn of_load(error: &ort::Error, graph: &Graph<'_>) -> BackendError {
    if is_memory(error) {
        let message = plain(error.message());
        return BackendError::told(Kind::OutOfMemory, format!("too large to load: {message}"));
    }
    match unknown_operator(error.message()) {
        Some(operator) => BackendError::unsupported(vec![Refusal {
            node: first_node(graph, &operator),
            operator,
            reason: "ONNX Runtime has no such operator".to_owned(),
        }]),
        None => {
            let message = plain(error.message());
            let problem = format!("ONNX Runtime refuses the graph: {message}");
            BackendError::told(Kind::InvalidModel, problem)
        }
    }
}

/// Refuses a graph that is known to end the process.
///
/// A classifier of trees with one class that is called by name makes ONNX Runtime (1.31.1) read a
/// second name, which it answers with an abort.
pub(crate) fn check_for_aborts(graph: &Graph<'_>) -> Result<(), BackendError> {
    for node in graph.nodes.iter().filter(|node| node.op_type == "TreeEnsembleClassifier") {
        if node.strings("classlabels_strings")?.is_some_and(|labels| labels.len() == 1) {
            return Err(BackendError::unsupported(vec![Refusal {
                operator: "ai.onnx.ml.TreeEnsembleClassifier".to_owned(),
                node: node.outputs.first().copied().unwrap_or_default().to_owned(),
                reason: "one class that is called by name, which ONNX Runtime does not survive"
                    .to_owned(),
            }]));
        }
    }
    Ok(())
}

/// The first node of an operator, by its name or that of its first output.
fn first_node(graph: &Graph<'_>, operator: &str) -> String {
    let node = graph.nodes.iter().find(|node| match node.domain {
        "" => node.op_type == operator,
        domain => {
            operator.strip_prefix(domain).and_then(|rest| rest.strip_prefix('.'))
                == Some(node.op_type)
        }
    });
    let Some(node) = node else { return String::new() };
    match node.name {
        "" => node.outputs.first().copied().unwrap_or_default().to_owned(),
        name => name.to_owned(),
    }
}

/// A further session of a graph that was taken before.
pub(crate) fn of_session(error: &ort::Error) -> BackendError {
    let message = plain(error.message());
    if is_memory(error) {
        let problem = format!("too large for as many instances: {message}");
        return BackendError::told(Kind::OutOfMemory, problem);
    }
    BackendError::told(Kind::Failed, format!("no further session of the model: {message}"))
}

/// Rows that were not answered.
pub(crate) fn of_run(error: &ort::Error) -> BackendError {
    let message = plain(error.message());
    if is_memory(error) {
        return BackendError::told(Kind::OutOfMemory, "not enough memory to answer these rows");
    }
    // The second is what ONNX Runtime calls a failure of its own.
    let is_of_rows =
        error.code() == ErrorCode::InvalidArgument || message.contains("Unknown Category");
    if is_of_rows {
        let problem = format!("the model refuses the rows: {message}");
        return BackendError::told(Kind::RefusedRows, problem);
    }
    BackendError::told(Kind::Failed, format!("the model failed on the rows: {message}"))
}

/// Whether a run failed because an output did not have the shape that the file declares.
pub(crate) fn is_of_shape(error: &ort::Error) -> bool {
    let message = error.message();
    ["invalid dimensions for output", "Invalid rank for output", "pre-allocated output OrtValues"]
        .iter()
        .any(|words| message.contains(words))
}

fn is_memory(error: &ort::Error) -> bool {
    let message = error.message();
    ["Failed to allocate memory", "bad_alloc", "bad allocation", "out of memory"]
        .iter()
        .any(|words| message.contains(words))
}

/// The operator of a graph that ONNX Runtime does not know, with its domain unless that is ONNX's.
fn unknown_operator(message: &str) -> Option<String> {
    let after = |words: &str| message.split_once(words).map(|(_, rest)| rest);
    let found = after("Could not find an implementation for ")
        .or_else(|| after("No Op registered for "))
        .or_else(|| {
            message.contains("is not a registered function/op").then(|| after("error: "))?
        })?;
    let end = found.find(['(', ' ']).unwrap_or(found.len());
    Some(found[..end].trim_start_matches(':').replace(':', "."))
}

/// The part of a message that says what is wrong, in one line. The rest names source files, lines
/// and functions of the library, and sometimes a path.
pub(crate) fn plain(message: &str) -> String {
    let said = message.rsplit("Status Message: ").next().unwrap_or(message);
    let said = said.split("Please fix").next().unwrap_or(said);
    // "[ONNXRuntimeError] : 1 : FAIL : problem"
    let said = match said.strip_prefix("[ONNXRuntimeError] : ") {
        Some(rest) => rest.splitn(3, " : ").nth(2).unwrap_or(rest),
        None => said,
    };
    // "/a/b/file.cc:12 void f(int) problem": all up to the function's closing parenthesis.
    let said = match said.split_once(".cc:") {
        Some((_, rest)) => rest.rsplit_once(") ").map_or(rest, |(_, problem)| problem),
        None => said,
    };
    let words = said.split_whitespace().filter(|word| !is_path(word));
    let said = words.collect::<Vec<_>>().join(" ");
    if said.is_empty() { "no reason given".to_owned() } else { said }
}

fn is_path(word: &str) -> bool {
    let word = word.trim_matches(|char: char| !char.is_alphanumeric() && !"/.".contains(char));
    word.starts_with('/') || (word.contains('/') && word.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_lose_what_belongs_to_the_library() {
        let cases = [
            (
                "Non-zero status code returned while running Gather node. Name:'/embed/Gather' \
                 Status Message: indices element out of data bounds, idx=9 must be within [-3,2]",
                "indices element out of data bounds, idx=9 must be within [-3,2]",
            ),
            (
                "/src/onnxruntime/core/framework/op.cc:12 void f(int, char) Cannot split 3 by 2",
                "Cannot split 3 by 2",
            ),
            ("[ONNXRuntimeError] : 1 : FAIL : no lib/x.so in /opt here", "no in here"),
            (
                "Failed to load library /opt/ort/lib/x.so with error: no such file",
                "Failed to load library with error: no such file",
            ),
            (
                "Got invalid dimensions for input: x for the following indices\n index: 1 Got: 2 \
                 Expected: 3\n Please fix either the inputs/outputs or the model.",
                "Got invalid dimensions for input: x for the following indices index: 1 Got: 2 \
                 Expected: 3",
            ),
            ("\n", "no reason given"),
        ];
        for (message, expected) in cases {
            assert_eq!(plain(message), expected);
        }
    }

    #[test]
    fn unknown_operators_are_named() {
        let cases = [
            ("Could not find an implementation for Relu(14) node with name 'r1'", "Relu"),
            (
                "Load model failed:Fatal error: com.example:Magic(-1) is not a registered \
                 function/op",
                "com.example.Magic",
            ),
            ("Error No Op registered for Nope with domain_version of 21", "Nope"),
        ];
        for (message, operator) in cases {
            assert_eq!(unknown_operator(message).as_deref(), Some(operator), "{message}");
        }
        assert_eq!(unknown_operator("Fatal error: Cycle detected"), None);
    }
}
