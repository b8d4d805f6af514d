//! Requests in, replies out, without a socket.

mod scratch;

use std::{
    borrow::Cow,
    cell::RefCell,
    sync::{Arc, OnceLock},
};

use hotplate::{Engine, Registry, Tier};
use hotplate_codec::Format;

pub use self::scratch::Scratch;
use self::scratch::Stopwatch;
use crate::{
    accept::negotiate, facts, metrics, problem::Problem, reply::Reply, status::Reason,
    wishes::Wishes,
};

/// What a request says before its body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Content-Encoding`.
    pub content_encoding: Option<&'a str>,
    /// `Accept`.
    pub accept: Option<&'a str>,
    /// `X-Amzn-SageMaker-Enable-Explanations`.
    pub enable_explanations: Option<&'a str>,
    /// `X-Amzn-SageMaker-Custom-Attributes`.
    pub custom_attributes: Option<&'a str>,
}

/// Answers requests; shared by all threads.
#[derive(Debug)]
pub struct Handler {
    /// Set once the models are warm.
    installed: OnceLock<Installed>,
    default_accept: Format,
    times_phases: bool,
}

#[derive(Debug)]
struct Installed {
    registry: Registry,
    /// The answer to a ping, made once: probes come often.
    health: Vec<u8>,
}

/// A request that may send its body.
///
/// It borrows its model from the handler: threads that count who holds a model would write to the
/// same memory with each request.
#[derive(Debug)]
pub struct Admitted<'h>(Task<'h>);

#[derive(Debug)]
enum Task<'h> {
    Ping,
    Metrics,
    Predict { engine: Cow<'h, Arc<Engine>>, ask: Ask },
}

/// How a model is asked.
#[derive(Clone, Copy, Debug)]
struct Ask {
    /// The format of the body; guessed when there is none.
    body: Option<Format>,
    reply: Format,
    wishes: Wishes,
}

impl Admitted<'_> {
    /// The same for as long as one likes: it holds its model.
    pub fn into_owned(self) -> Admitted<'static> {
        Admitted(match self.0 {
            Task::Ping => Task::Ping,
            Task::Metrics => Task::Metrics,
            Task::Predict { engine, ask } => {
                Task::Predict { engine: Cow::Owned(engine.into_owned()), ask }
            }
        })
    }

    /// Whether threads of the model's own run it, so that the caller's had better not wait.
    pub fn is_attended(&self) -> bool {
        match &self.0 {
            Task::Ping | Task::Metrics => false,
            Task::Predict { engine, .. } => engine.tier() == Tier::Attended,
        }
    }

    /// The model that is asked, if one is.
    pub fn model(&self) -> Option<&str> {
        match &self.0 {
            Task::Ping | Task::Metrics => None,
            Task::Predict { engine, .. } => Some(engine.name()),
        }
    }
}

impl Handler {
    /// A handler without models: it is not ready, and says so.
    pub const fn new(default_accept: Format) -> Self {
        Self { installed: OnceLock::new(), default_accept, times_phases: false }
    }

    /// Makes replies say where the time went, if `yes`. Reading the clock takes a share of a small
    /// request's time that is worth saving where nobody looks.
    #[must_use]
    pub const fn time_phases(mut self, yes: bool) -> Self {
        self.times_phases = yes;
        self
    }

    /// Installs the models; from here on the handler is ready. Later calls change nothing.
    pub fn install(&self, registry: Registry) {
        let _ = self.installed.set(Installed { health: facts::health(&registry), registry });
    }

    /// The models, once they are installed.
    pub(crate) fn registry(&self) -> Option<&Registry> {
        self.installed.get().map(|installed| &installed.registry)
    }

    /// Looks at a request before its body is read.
    ///
    /// # Errors
    ///
    /// When nothing in the body could make it a good request.
    pub fn admit(&self, head: &Head<'_>) -> Result<Admitted<'_>, Problem> {
        self.route(head).map(Admitted)
    }

    /// Answers a request that was admitted.
    pub fn answer(
        &self,
        admitted: &Admitted<'_>,
        body: &[u8],
        scratch: &mut Scratch,
        reply: &mut Reply,
    ) {
        reply.clear();
        match &admitted.0 {
            Task::Ping => {
                let health = self.installed.get().map(|installed| &*installed.health);
                reply.document(Format::Json.media_type(), health.unwrap_or_default());
            }
            Task::Metrics => {
                let text = metrics::of_models(self.registry());
                reply.document(metrics::MEDIA_TYPE, text.as_bytes());
            }
            Task::Predict { engine, ask } => {
                let watch = Stopwatch::new(self.times_phases);
                if let Err(problem) = scratch.of(engine).predict(*ask, body, watch, reply) {
                    problem.answer(reply);
                }
            }
        }
    }

    /// As [`answer`](Self::answer), in a task that does not block while the model is run.
    pub async fn answer_in_task(
        &self,
        admitted: &Admitted<'_>,
        body: &[u8],
        scratch: &RefCell<Scratch>,
        reply: &mut Reply,
    ) {
        let Task::Predict { engine, ask } = &admitted.0 else {
            return self.answer(admitted, body, &mut scratch.borrow_mut(), reply);
        };
        reply.clear();
        let watch = Stopwatch::new(self.times_phases);
        let mut model = scratch.borrow_mut().take(engine);
        if let Err(problem) = model.predict_in_task(*ask, body, watch, reply).await {
            problem.answer(reply);
        }
        scratch.borrow_mut().put(model);
    }

    fn route(&self, head: &Head<'_>) -> Result<Task<'_>, Problem> {
        let segments = head.path.strip_prefix('/').unwrap_or(head.path);
        match segments {
            "ping" => {
                allow(head, &["GET", "HEAD"], "GET, HEAD")?;
                self.ready()?;
                Ok(Task::Ping)
            }
            // Before the models are there, too: whoever collects metrics should not take a server
            // that starts for one that is gone.
            "metrics" => {
                allow(head, &["GET", "HEAD"], "GET, HEAD")?;
                Ok(Task::Metrics)
            }
            "invocations" => {
                allow(head, &["POST"], "POST")?;
                let registry = self.ready()?;
                let engine = registry.only().ok_or_else(|| model_required(registry))?;
                self.predict(engine, head)
            }
            path => {
                let name = path
                    .strip_prefix("models/")
                    .and_then(|rest| rest.strip_suffix("/invoke"))
                    .filter(|name| !name.is_empty() && !name.contains('/'))
                    .ok_or_else(not_found)?;
                allow(head, &["POST"], "POST")?;
                let registry = self.ready()?;
                let engine = registry.get(name).ok_or_else(|| unknown_model(name, registry))?;
                self.predict(engine, head)
            }
        }
    }

    fn predict<'h>(&self, engine: &'h Arc<Engine>, head: &Head<'_>) -> Result<Task<'h>, Problem> {
        let body = match head.content_type {
            None => None,
            Some(got) => {
                Some(Format::from_media_type(got).ok_or_else(|| unsupported_media_type(got))?)
            }
        };
        if let Some(got) = head.content_encoding.filter(|got| !got.eq_ignore_ascii_case("identity"))
        {
            let message = format!("a body encoded as {got:?} is not read; send it as it is");
            return Err(
                Problem::new(Reason::UnsupportedMediaType, message).expected("identity", got)
            );
        }
        let reply = negotiate(head.accept, self.default_accept).ok_or_else(|| {
            let got = head.accept.unwrap_or_default();
            Problem::new(Reason::NotAcceptable, format!("no reply can be written as {got:?}"))
                .expected(WRITTEN, got)
        })?;
        let wishes = Wishes::of(head)?;
        if wishes.explain.is_some() && !matches!(reply, Format::Json | Format::JsonLines) {
            let message = "explanations are written in JSON, and another type is what is accepted";
            let expected = "application/json or application/jsonlines";
            return Err(
                Problem::new(Reason::NotAcceptable, message).expected(expected, reply.media_type())
            );
        }
        Ok(Task::Predict { engine: Cow::Borrowed(engine), ask: Ask { body, reply, wishes } })
    }

    fn ready(&self) -> Result<&Registry, Problem> {
        self.registry().ok_or_else(|| {
            Problem::new(Reason::NotReady, "the models are being loaded; try again in a moment")
        })
    }
}

/// The media types of replies, for messages.
const WRITTEN: &str = "application/json, text/csv, application/jsonlines, application/x-npy or \
    application/x-recordio-protobuf";

/// The media types of bodies, for messages.
const READABLE: &str = "application/json, text/csv, application/jsonlines, text/libsvm, \
    application/x-npy, application/x-npz or application/x-recordio-protobuf";

fn allow(head: &Head<'_>, methods: &[&str], list: &'static str) -> Result<(), Problem> {
    if methods.contains(&head.method) {
        return Ok(());
    }
    let message = format!("{} has no {}; use {list}", head.path, head.method);
    Err(Problem::new(Reason::MethodNotAllowed, message).expected(list, head.method).allow(list))
}

fn not_found() -> Problem {
    let message = "there is no such path; there are GET /ping, GET /metrics, POST /invocations \
                   and POST /models/NAME/invoke";
    Problem::new(Reason::NotFound, message)
}

fn model_required(registry: &Registry) -> Problem {
    let names = names(registry);
    let message = format!(
        "several models are served, so say which: POST /models/NAME/invoke, where NAME is {names}"
    );
    Problem::new(Reason::ModelRequired, message).expected(names, "no name")
}

fn unknown_model(name: &str, registry: &Registry) -> Problem {
    let names = names(registry);
    Problem::new(Reason::UnknownModel, format!("no model is called {name:?}; there is {names}"))
        .expected(names, name)
}

fn names(registry: &Registry) -> String {
    registry.iter().map(|engine| engine.name()).collect::<Vec<_>>().join(" or ")
}

fn unsupported_media_type(got: &str) -> Problem {
    // What curl sends with --data unless it is told otherwise.
    let hint = if got.starts_with("application/x-www-form-urlencoded") {
        "; with curl, add -H 'Content-Type: application/json'"
    } else {
        ""
    };
    let message = format!("a body of type {got:?} is not read; send {READABLE}{hint}");
    Problem::new(Reason::UnsupportedMediaType, message).expected(READABLE, got)
}
