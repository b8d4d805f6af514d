//! Whether a request asks for the reasons behind its scores.

use crate::{handler::Head, problem::Problem, status::Reason};

/// The name of the attribute among those of `X-Amzn-SageMaker-Custom-Attributes`.
const ATTRIBUTE: &str = "explain";

/// How many columns a score should be explained by, if at all.
///
/// `X-Amzn-SageMaker-Enable-Explanations` is `true` or `false`, in backquotes or not, as SageMaker's
/// clients write it, or a number of columns. Where SageMaker keeps that header for itself, the
/// attribute `explain` or `explain=5` of `X-Amzn-SageMaker-Custom-Attributes` asks for the same.
///
/// # Errors
///
/// When one of them says something else.
pub(crate) fn columns_asked_for(head: &Head<'_>) -> Result<Option<usize>, Problem> {
    if let Some(value) = head.enable_explanations {
        return columns(value.trim().trim_matches('`'), "X-Amzn-SageMaker-Enable-Explanations");
    }
    let attributes = head.custom_attributes.unwrap_or_default().split([',', ';']).map(str::trim);
    let mut own = attributes.filter_map(|attribute| match attribute.split_once('=') {
        None => (attribute == ATTRIBUTE).then_some("true"),
        Some((name, value)) => (name.trim() == ATTRIBUTE).then_some(value.trim()),
    });
    own.next().map_or(Ok(None), |value| columns(value, ATTRIBUTE))
}

fn columns(value: &str, name: &str) -> Result<Option<usize>, Problem> {
    match value {
        "true" | "True" => Ok(Some(usize::MAX)),
        "false" | "False" => Ok(None),
        number => match number.parse() {
            Ok(0) => Ok(None),
            Ok(columns) => Ok(Some(columns)),
            Err(_) => {
                let expected = "true, false or a number of columns";
                let message = format!("{name} is {value:?}; expected {expected}");
                Err(Problem::new(Reason::BadHeader, message).expected(expected, value))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_attributes_say_how_many_columns() {
        let by_header = |value| {
            columns_asked_for(&Head { enable_explanations: Some(value), ..Head::default() })
        };
        assert_eq!(by_header("`true`").unwrap(), Some(usize::MAX));
        assert_eq!(by_header("true").unwrap(), Some(usize::MAX));
        assert_eq!(by_header("`false`").unwrap(), None);
        assert_eq!(by_header("3").unwrap(), Some(3));
        assert!(by_header("[0].score > `0.8`").is_err());
        let by_attribute =
            |value| columns_asked_for(&Head { custom_attributes: Some(value), ..Head::default() });
        assert_eq!(by_attribute("trace=1, explain=5").unwrap(), Some(5));
        assert_eq!(by_attribute("explain").unwrap(), Some(usize::MAX));
        assert_eq!(by_attribute("explained=5;other").unwrap(), None);
        assert!(by_attribute("explain=all").is_err());
        assert_eq!(columns_asked_for(&Head::default()).unwrap(), None);
    }
}
