//! What a method and a path ask for.

use crate::{head::Head, problem::Problem, status::Reason};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'p> {
    Ping,
    Metrics,
    /// To ask the only model.
    Invocations,
    /// To ask the model of this name.
    Invoke(&'p str),
}

impl<'p> Route<'p> {
    /// # Errors
    ///
    /// When there is no such path, or it has another method.
    pub(super) fn of(head: &Head<'p>) -> Result<Self, Problem> {
        match head.path.strip_prefix('/').unwrap_or(head.path) {
            "invocations" => allow(head, &["POST"], "POST", Self::Invocations),
            "ping" => allow(head, &["GET", "HEAD"], "GET, HEAD", Self::Ping),
            "metrics" => allow(head, &["GET", "HEAD"], "GET, HEAD", Self::Metrics),
            path => {
                let name = path
                    .strip_prefix("models/")
                    .and_then(|rest| rest.strip_suffix("/invoke"))
                    .filter(|name| !name.is_empty() && !name.contains('/'))
                    .ok_or_else(not_found)?;
                allow(head, &["POST"], "POST", Self::Invoke(name))
            }
        }
    }
}

fn allow<'p>(
    head: &Head<'_>,
    methods: &[&str],
    list: &'static str,
    route: Route<'p>,
) -> Result<Route<'p>, Problem> {
    if methods.contains(&head.method) {
        return Ok(route);
    }
    let message = format!("{} has no {}; use {list}", head.path, head.method);
    Err(Problem::new(Reason::MethodNotAllowed, message).expected(list, head.method).allow(list))
}

fn not_found() -> Problem {
    let message = "there is no such path; there are GET /ping, GET /metrics, POST /invocations \
                   and POST /models/NAME/invoke";
    Problem::new(Reason::NotFound, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route<'p>(method: &'p str, path: &'p str) -> Result<Route<'p>, Problem> {
        Route::of(&Head { method, path, ..Head::default() })
    }

    #[test]
    fn paths_are_routes() {
        assert_eq!(route("GET", "/ping").unwrap(), Route::Ping);
        assert_eq!(route("HEAD", "/metrics").unwrap(), Route::Metrics);
        assert_eq!(route("POST", "/invocations").unwrap(), Route::Invocations);
        assert_eq!(route("POST", "/models/a.b/invoke").unwrap(), Route::Invoke("a.b"));
        for (method, path) in
            [("GET", "/invocations"), ("PUT", "/ping"), ("GET", "/models/a/invoke")]
        {
            assert!(route(method, path).is_err(), "{method} {path}");
        }
        for path in ["/", "", "/models//invoke", "/models/a/b/invoke", "/pings"] {
            assert!(route("POST", path).is_err(), "{path}");
        }
    }
}
