//! What a path is of, and the methods that it has.

use crate::{head::Head, problem::Problem, status::Reason};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'p> {
    Ping,
    Metrics,
    ExecutionParameters,
    /// To ask the only model.
    Invocations,
    /// To ask the model of this name.
    Invoke(&'p str),
    /// To load a model, or to know which there are.
    Models,
    /// To know of the model of this name, or to remove it.
    Model(&'p str),
}

impl<'p> Route<'p> {
    /// The route of a path. Where models can be `managed`, there are paths for that.
    pub(super) fn of(path: &'p str, managed: bool) -> Option<Self> {
        match path.strip_prefix('/').unwrap_or(path) {
            "invocations" => Some(Self::Invocations),
            "ping" => Some(Self::Ping),
            "metrics" => Some(Self::Metrics),
            "execution-parameters" => Some(Self::ExecutionParameters),
            "models" => managed.then_some(Self::Models),
            path => {
                let path = path.strip_prefix("models/")?;
                match path.split_once('/') {
                    None if managed && !path.is_empty() => Some(Self::Model(path)),
                    Some((name, "invoke")) if !name.is_empty() => Some(Self::Invoke(name)),
                    _ => None,
                }
            }
        }
    }

    /// Checks that the path has the request's method.
    ///
    /// # Errors
    ///
    /// When it has others.
    pub(super) fn allow(self, head: &Head<'_>) -> Result<(), Problem> {
        let (methods, list): (&[&str], _) = match self {
            Self::Ping | Self::Metrics | Self::ExecutionParameters => {
                (&["GET", "HEAD"], "GET, HEAD")
            }
            Self::Invocations | Self::Invoke(_) => (&["POST"], "POST"),
            Self::Models => (&["GET", "POST"], "GET, POST"),
            Self::Model(_) => (&["GET", "DELETE"], "GET, DELETE"),
        };
        if methods.contains(&head.method) {
            return Ok(());
        }
        let message = format!("{} has no {}; use {list}", head.path, head.method);
        Err(Problem::new(Reason::MethodNotAllowed, message).expected(list, head.method).allow(list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(method: &str, path: &str, managed: bool) -> bool {
        let head = Head { method, path, ..Head::default() };
        Route::of(path, managed).is_some_and(|route| route.allow(&head).is_ok())
    }

    #[test]
    fn paths_are_routes() {
        for managed in [false, true] {
            let route = |path| Route::of(path, managed);
            assert_eq!(route("/ping"), Some(Route::Ping));
            assert_eq!(route("/metrics"), Some(Route::Metrics));
            assert_eq!(route("/execution-parameters"), Some(Route::ExecutionParameters));
            assert_eq!(route("/invocations"), Some(Route::Invocations));
            assert_eq!(route("/models/a.b/invoke"), Some(Route::Invoke("a.b")));
            for path in ["/", "/models/", "/models//invoke", "/models/a/b/invoke", "/pings"] {
                assert_eq!(route(path), None, "{path}");
            }
        }
    }

    #[test]
    fn models_are_managed_where_that_is_served() {
        assert_eq!(Route::of("/models", true), Some(Route::Models));
        assert_eq!(Route::of("/models/a", true), Some(Route::Model("a")));
        for path in ["/models", "/models/a"] {
            assert_eq!(Route::of(path, false), None, "{path}");
        }
    }

    #[test]
    fn routes_have_methods() {
        for (method, path) in [
            ("GET", "/ping"),
            ("HEAD", "/metrics"),
            ("POST", "/invocations"),
            ("POST", "/models/a/invoke"),
            ("GET", "/models"),
            ("POST", "/models"),
            ("GET", "/models/a"),
            ("DELETE", "/models/a"),
        ] {
            assert!(allows(method, path, true), "{method} {path}");
        }
        for (method, path) in [
            ("GET", "/invocations"),
            ("PUT", "/ping"),
            ("GET", "/models/a/invoke"),
            ("PUT", "/models/a"),
            ("POST", "/models/a"),
            ("DELETE", "/models"),
        ] {
            assert!(!allows(method, path, true), "{method} {path}");
        }
    }
}
