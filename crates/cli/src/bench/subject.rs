//! What is measured: a model in process, or a server.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use hotplate::{Answer, Columns, Engine, ModelFolder};
use hotplate_load::{
    Caller, Error, Outcome, Target,
    http::{self, HttpTarget, Url},
};

use super::{
    bodies::{self, Bodies},
    check,
    requests::Requests,
    units::counted,
};
use crate::{arguments::Bench, failure::Usage, fall_back, model};

/// Connections to a server, unless they are said.
const CONNECTIONS: usize = 8;

/// A target, and what is to be said of it.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) kind: Kind,
    pub(super) source: String,
    /// How many different requests go round.
    pub(super) requests: usize,
    /// How many rows each request has; none where that is not known.
    pub(super) rows: Option<usize>,
    /// What was made sure of before anything is timed.
    pub(super) checked: String,
}

#[derive(Debug)]
pub(super) enum Kind {
    Model(Box<Model>),
    Url(Box<Server>),
}

/// A model in process.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) engine: Engine,
    pub(super) file: String,
    pub(super) sha256: Option<String>,
    requests: Vec<Columns>,
}

/// A server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) url: Url,
    pub(super) target: HttpTarget,
    pub(super) content_type: &'static str,
    /// What it says of itself.
    pub(super) facts: Option<serde_json::Value>,
}

impl Subject {
    /// Opens the model or finds the server, and has it answer one request, which is checked.
    ///
    /// # Errors
    ///
    /// When there is none, there are no rows, or the answer is not what it should be.
    pub(super) fn open(target: &str, arguments: &Bench) -> Result<Self> {
        if Url::is_meant(target) {
            server(target, arguments)
        } else {
            in_process(target, arguments)
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> String {
        match &self.kind {
            Kind::Model(model) => model.engine.name().to_owned(),
            Kind::Url(server) => server.url.to_string(),
        }
    }

    /// The callers, unless they are said.
    pub(super) fn callers(&self) -> usize {
        match &self.kind {
            Kind::Model(model) => model.engine.instances(),
            Kind::Url(_) => CONNECTIONS,
        }
    }

    /// How many callers may spin, of so many on a machine of so many cores: all where the model runs
    /// on the callers' threads or the server elsewhere, and else half of the cores at most.
    pub(super) fn spinners(&self, callers: usize, cores: usize) -> usize {
        match &self.kind {
            Kind::Url(server) if server.url.is_local() => callers.min((cores / 2).max(1)),
            _ => callers.min(cores),
        }
    }
}

fn in_process(target: &str, arguments: &Bench) -> Result<Subject> {
    for (said, flag) in [
        (arguments.model.is_some(), "--model"),
        (arguments.content_type.is_some(), "--content-type"),
    ] {
        if said {
            let problem = "is for a URL; a model in process is asked without either";
            bail!(Usage(format!("{flag}: {problem}")));
        }
    }
    let path = Path::new(target);
    let (engine, folder) = open(path, arguments)?;
    let requests = Requests::of(arguments, &engine, &folder)?;
    let checked = check::model(&engine, &requests.each[0])?;
    // Described once more only for its digest.
    let sha256 = arguments.runs_on.options().inspect(path).ok().map(|model| model.sha256);
    Ok(Subject {
        source: requests.source,
        requests: requests.each.len(),
        rows: Some(arguments.rows_per_request),
        checked,
        kind: Kind::Model(Box::new(Model {
            file: folder.file().display().to_string(),
            engine,
            sha256,
            requests: requests.each,
        })),
    })
}

fn open(path: &Path, arguments: &Bench) -> Result<(Engine, ModelFolder)> {
    let folder = model::find(path)?;
    let engine = arguments.runs_on.options().open_folder(&folder);
    let engine = engine.map_err(|error| model::about(path, error))?;
    fall_back::warn(&engine);
    Ok((engine, folder))
}

fn server(target: &str, arguments: &Bench) -> Result<Subject> {
    let url: Url = target.parse().map_err(|error: Error| Usage(error.to_string()))?;
    let (bodies, expected) = match (&arguments.model, &arguments.rows) {
        (Some(path), _) => {
            let (engine, folder) = open(path, arguments)?;
            let requests = Requests::of(arguments, &engine, &folder)?;
            let format = arguments.content_type.or(requests.format);
            let format = format.unwrap_or(hotplate_codec::Format::Json);
            let each = requests.each.iter().map(|request| bodies::write(request, format));
            let each = each.collect::<Result<Vec<_>>>()?;
            let rows = Some(arguments.rows_per_request);
            let answer = engine.predict(&requests.each[0]).context("row 0")?;
            (Bodies { each, format, rows, source: requests.source }, Some((engine, answer)))
        }
        (None, Some(path)) => {
            let bodies = bodies::cut(path, arguments.rows_format, arguments.rows_per_request)?;
            if arguments.content_type.is_some_and(|format| format != bodies.format) {
                bail!(Usage(
                    "--content-type: rows of a file are written anew only where --model says what \
                     their columns are"
                        .to_owned()
                ));
            }
            (bodies, None)
        }
        (None, None) => bail!(Usage(format!(
            "{url}: what should be sent? Name a file of rows with --rows FILE, or with --model MODEL \
             the model that is served there, whose golden rows are sent then"
        ))),
    };
    let content_type = bodies.format.media_type();
    let requests = bodies.each.len();
    let target = HttpTarget::new(url.clone(), content_type, bodies.each)?;
    let checked = check::server(&target, bodies.rows, expected.as_ref())?;
    let facts = http::get(&url.with_path("/ping")).ok().filter(http::Reply::is_success);
    let facts = facts.and_then(|reply| serde_json::from_slice(&reply.body).ok());
    Ok(Subject {
        source: bodies.source,
        requests,
        rows: bodies.rows,
        checked,
        kind: Kind::Url(Box::new(Server { url, target, content_type, facts })),
    })
}

impl Model {
    /// Where the model runs, and how it was opened, for a person.
    pub(super) fn told(&self) -> String {
        let engine = &self.engine;
        let device = engine.placement().device;
        let slots = counted(engine.instances() as u64, "slot");
        format!("{} on {device}, {slots}, in process", engine.backend())
    }
}

impl<'m> Target for &'m Model {
    type Caller = ModelCaller<'m>;

    fn caller(&self) -> Result<ModelCaller<'m>, Error> {
        Ok(ModelCaller { model: self, answer: self.engine.answer() })
    }
}

/// One thread that asks a model.
#[derive(Debug)]
pub(super) struct ModelCaller<'m> {
    model: &'m Model,
    answer: Answer,
}

impl Caller for ModelCaller<'_> {
    fn call(&mut self, request: usize) -> Outcome {
        let rows = &self.model.requests[request % self.model.requests.len()];
        match self.model.engine.predict_into(rows, &mut self.answer) {
            Ok(()) => Outcome::Answered,
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }
}
