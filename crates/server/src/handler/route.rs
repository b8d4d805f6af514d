//! What a method and a path ask for.

use crate::{
    head::Head,
    management::{Manage, Page},
    problem::Problem,
    status::Reason,
};

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route<'p> {
    Ping,
    Metrics,
    ExecutionParameters,
    /// To ask the only model.
    Invocations,
    /// To ask the model of this name.
    Invoke(&'p str),
    /// To change the models or to know of them.
    Manage(Manage),
}

impl<'p> Route<'p> {
    /// Where models can be `managed`, there are paths for that.
    ///
    /// # Errors
    ///
    /// When there is no such path, or it has another method.
    pub(super) fn of(head: &Head<'p>, managed: bool) -> Result<Self, Problem> {
        match head.path.strip_prefix('/').unwrap_or(head.path) {
            "invocations" => allow(head, &["POST"], "POST", Self::Invocations),
            "ping" => allow(head, &["GET", "HEAD"], "GET, HEAD", Self::Ping),
            "metrics" => allow(head, &["GET", "HEAD"], "GET, HEAD", Self::Metrics),
            "execution-parameters" => {
                allow(head, &["GET", "HEAD"], "GET, HEAD", Self::ExecutionParameters)
            }
            "models" if managed => {
                let manage = match head.method {
                    "POST" => Manage::Load,
                    _ => Manage::List(Page::of(head.query)),
                };
                allow(head, &["GET", "POST"], "GET, POST", Self::Manage(manage))
            }
            path => {
                let path = path.strip_prefix("models/").ok_or_else(|| not_found(managed))?;
                let (name, rest) =
                    path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
                match rest {
                    _ if name.is_empty() => Err(not_found(managed)),
                    Some("invoke") => allow(head, &["POST"], "POST", Self::Invoke(name)),
                    None if managed => {
                        let manage = match head.method {
                            "DELETE" => Manage::Remove(name.to_owned()),
                            _ => Manage::Describe(name.to_owned()),
                        };
                        allow(head, &["GET", "DELETE"], "GET, DELETE", Self::Manage(manage))
                    }
                    _ => Err(not_found(managed)),
                }
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

fn not_found(managed: bool) -> Problem {
    let message = "there is no such path; there are GET /ping, GET /metrics, \
                   GET /execution-parameters, POST /invocations and POST /models/NAME/invoke";
    let more = if managed { ", and /models and /models/NAME for what is loaded" } else { "" };
    Problem::new(Reason::NotFound, format!("{message}{more}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route<'p>(method: &'p str, path: &'p str, managed: bool) -> Result<Route<'p>, Problem> {
        Route::of(&Head { method, path, ..Head::default() }, managed)
    }

    #[test]
    fn paths_are_routes() {
        for managed in [false, true] {
            let route = |method, path| route(method, path, managed);
            assert_eq!(route("GET", "/ping").unwrap(), Route::Ping);
            assert_eq!(route("HEAD", "/metrics").unwrap(), Route::Metrics);
            let parameters = route("GET", "/execution-parameters").unwrap();
            assert_eq!(parameters, Route::ExecutionParameters);
            assert_eq!(route("POST", "/invocations").unwrap(), Route::Invocations);
            assert_eq!(route("POST", "/models/a.b/invoke").unwrap(), Route::Invoke("a.b"));
            for (method, path) in [
                ("GET", "/invocations"),
                ("PUT", "/ping"),
                ("GET", "/models/a/invoke"),
                ("PUT", "/models/a"),
                ("POST", "/models/a"),
                ("DELETE", "/models"),
            ] {
                assert!(route(method, path).is_err(), "{method} {path}");
            }
            for path in ["/", "/models/", "/models//invoke", "/models/a/b/invoke", "/pings"] {
                assert!(route("POST", path).is_err(), "{path}");
            }
        }
    }

    #[test]
    fn models_are_managed_where_that_is_served() {
        assert_eq!(route("POST", "/models", true).unwrap(), Route::Manage(Manage::Load));
        let describe = Route::Manage(Manage::Describe("a".to_owned()));
        assert_eq!(route("GET", "/models/a", true).unwrap(), describe);
        let remove = Route::Manage(Manage::Remove("a".to_owned()));
        assert_eq!(route("DELETE", "/models/a", true).unwrap(), remove);
        for (method, path) in [("GET", "/models"), ("POST", "/models"), ("DELETE", "/models/a")] {
            assert!(route(method, path, false).is_err(), "{method} {path}");
        }
    }
}
