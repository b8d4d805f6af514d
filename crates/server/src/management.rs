//! Models that come and go while the server runs: SageMaker's multi-model API.
//!
//! The platform decides which models are in memory: nothing is removed here unless it says so. A
//! model is answered for once it is warm, and its memory is free once its removal is confirmed.

mod page;
mod room;
mod step_back;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use hotplate::{Endpoint, Engine, ErrorKind, OpenOptions, Registry, Version};
use hotplate_codec::{Format, json};
use serde_json::Value;

pub(crate) use self::page::Page;
use self::{room::Room, step_back::step_back};
use crate::{
    config::ModelMemory, observe::Observer, problem::Problem, profile::Profile, reply::Reply,
    status::Reason,
};

/// How often it is looked whether the last request to a model has ended.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Loads, tells of and removes models.
#[derive(Debug)]
pub(crate) struct Management {
    options: OpenOptions,
    room: Room,
    /// Where the models that came through here lie, by name; none of those that are on their way.
    places: Mutex<BTreeMap<String, Option<String>>>,
}

/// What a request wants of the models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Manage {
    /// To load one; the body says which.
    Load,
    /// To know which there are.
    List(Page),
    /// To know of one.
    Describe(String),
    /// To remove one.
    Remove(String),
}

impl Manage {
    /// Whether it takes so long that a thread with connections had better not do it.
    pub(crate) const fn is_long(&self) -> bool {
        matches!(self, Self::Load | Self::Remove(_))
    }
}

impl Management {
    /// What opens models as `options` say.
    pub(crate) const fn new(options: OpenOptions, memory: ModelMemory) -> Self {
        let options = options.compile_behind(step_back);
        Self { options, room: Room::new(memory), places: Mutex::new(BTreeMap::new()) }
    }

    /// Does what is asked, in a reply that was cleared. Models that `profile` could not serve are
    /// not loaded.
    ///
    /// # Errors
    ///
    /// When it cannot be done.
    pub(crate) fn answer(
        &self,
        registry: &Registry,
        observer: &Observer,
        profile: Option<&Profile>,
        manage: &Manage,
        body: &[u8],
        reply: &mut Reply,
    ) -> Result<(), Problem> {
        let mut document = Vec::new();
        match manage {
            Manage::Load => {
                self.load(registry, observer, profile, body)?;
                member(b"{\"status\":", "Workers scaled", &mut document);
            }
            Manage::Remove(name) => {
                self.remove(registry, observer, name)?;
                let status = format!("Model \"{name}\" unregistered");
                member(b"{\"status\":", &status, &mut document);
            }
            Manage::Describe(name) => {
                registry.load().get(name).ok_or_else(|| not_loaded(name))?;
                self.describe(name, &mut document);
            }
            Manage::List(page) => self.list(registry, *page, &mut document),
        }
        if !matches!(manage, Manage::Describe(_)) {
            document.push(b'}');
        }
        document.push(b'\n');
        reply.document(Format::Json.media_type(), &document);
        Ok(())
    }

    /// Loads a model; it is warm when this returns.
    fn load(
        &self,
        registry: &Registry,
        observer: &Observer,
        profile: Option<&Profile>,
        body: &[u8],
    ) -> Result<(), Problem> {
        let begun = Instant::now();
        let (name, url) = fields(body)?;
        let arrival = self.announce(registry, &name)?;
        let path = Path::new(&url);
        let promise = self.room.promise(path).map_err(|small| {
            let message = format!(
                "there is no memory for the model: it is expected to take {} bytes, and {} are left",
                small.needed, small.left
            );
            Problem::new(Reason::NoMemory, message)
                .expected(format!("{} bytes", small.needed), format!("{} bytes", small.left))
        })?;
        let engine = self.options.open(path).map_err(|error| not_opened(&error))?;
        if let Some(profile) = profile {
            let unfit = |problem| Problem::new(Reason::BadModel, format!("{url}: {problem}"));
            profile.check(&engine).map_err(unfit)?;
        }
        let version = Version::opened_at(engine, path);
        let endpoint = Endpoint::new(name.clone(), version).map_err(|error| not_opened(&error))?;
        drop(promise);
        {
            let mut places = self.places();
            registry.insert(endpoint).map_err(|error| not_opened(&error))?;
            places.insert(name.clone(), Some(url));
            let endpoints = registry.load();
            for variant in endpoints.get(&name).into_iter().flat_map(|endpoint| endpoint.variants())
            {
                observer.came(&name, variant.name(), begun.elapsed(), endpoints.len());
            }
        }
        arrival.succeed();
        Ok(())
    }

    /// Takes the name of a model that is about to be loaded.
    fn announce<'m>(&'m self, registry: &Registry, name: &str) -> Result<Arrival<'m>, Problem> {
        let mut places = self.places();
        if registry.load().get(name).is_some() || places.contains_key(name) {
            let message = format!("Model {name} is already registered.");
            return Err(Problem::new(Reason::ModelExists, message));
        }
        places.insert(name.to_owned(), None);
        Ok(Arrival { management: self, name: name.to_owned(), is_there: false })
    }

    /// Removes a model; its memory is free when this returns.
    fn remove(&self, registry: &Registry, observer: &Observer, name: &str) -> Result<(), Problem> {
        let begun = Instant::now();
        let endpoint = registry.remove(name).ok_or_else(|| not_loaded(name))?;
        let engines: Vec<Arc<Engine>> =
            endpoint.variants().iter().map(|variant| Arc::clone(variant.engine())).collect();
        let variants: Vec<String> =
            endpoint.variants().iter().map(|variant| variant.name().to_owned()).collect();
        // First the endpoint: whoever answers a request holds that.
        drop(alone(endpoint));
        for engine in engines {
            drop(alone(engine));
        }
        // As where models come, so that the count is that of the last change.
        let mut places = self.places();
        for variant in variants {
            observer.went(name, &variant, begun.elapsed(), registry.load().len());
        }
        places.remove(name);
        Ok(())
    }

    fn list(&self, registry: &Registry, page: Page, out: &mut Vec<u8>) {
        let endpoints = registry.load();
        let (models, next) = page.cut(&endpoints);
        out.extend_from_slice(b"{\"models\":[");
        for (index, endpoint) in models.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            self.describe(endpoint.name(), out);
        }
        out.push(b']');
        if let Some(next) = next {
            member(b",\"nextPageToken\":", &next.to_string(), out);
        }
    }

    /// Appends what there is to tell of a model: its name, and where it lies, unless it was there
    /// from the beginning.
    fn describe(&self, name: &str, out: &mut Vec<u8>) {
        member(b"{\"modelName\":", name, out);
        if let Some(Some(url)) = self.places().get(name) {
            member(b",\"modelUrl\":", url, out);
        }
        out.push(b'}');
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<String, Option<String>>> {
        // What the lock guards is whole at any time.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A model on its way, whose name is free again if it does not come.
struct Arrival<'m> {
    management: &'m Management,
    name: String,
    is_there: bool,
}

impl Arrival<'_> {
    fn succeed(mut self) {
        self.is_there = true;
    }
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        if !self.is_there {
            self.management.places().remove(&self.name);
        }
    }
}

/// The value, once nobody else holds it.
fn alone<T>(mut shared: Arc<T>) -> T {
    loop {
        match Arc::try_unwrap(shared) {
            Ok(value) => return value,
            Err(held) => shared = held,
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// What a request to load a model says.
fn fields(body: &[u8]) -> Result<(String, String), Problem> {
    let document: Value = serde_json::from_slice(body).map_err(|error| {
        bad_field(format!("the body is no JSON: {error}"), "a JSON object", "something else")
    })?;
    let text = |key: &str| match document.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(_) => Err(bad_field(format!("{key} is no text"), "a text", "something else")),
        None => Err(bad_field(format!("{key} is missing"), key, "no such key")),
    };
    let (name, url) = (text("model_name")?, text("url")?);
    if !Endpoint::is_name(&name) {
        let message = format!(
            "model_name is {name:?}; a model is called by up to 128 letters, digits, '-', '_' and '.'"
        );
        return Err(bad_field(message, "letters, digits, '-', '_' and '.'", &name));
    }
    Ok((name, url))
}

fn bad_field(message: String, expected: &str, got: &str) -> Problem {
    Problem::new(Reason::BadField, message).expected(expected, got)
}

fn not_loaded(name: &str) -> Problem {
    Problem::new(Reason::UnknownModel, format!("Model not found: {name}"))
}

/// Why a model was not opened. Whoever loads models named the path, and may read all of it.
fn not_opened(error: &hotplate::Error) -> Problem {
    let reason = match error.kind() {
        ErrorKind::NoModel | ErrorKind::Unreadable => Reason::NoModel,
        ErrorKind::NameTaken => Reason::ModelExists,
        ErrorKind::OutOfMemory => Reason::NoMemory,
        ErrorKind::BackendUnavailable | ErrorKind::DeviceUnavailable => Reason::NoDevice,
        _ => Reason::BadModel,
    };
    Problem::new(reason, error.to_string())
}

/// Appends a member of a JSON object.
fn member(key: &[u8], value: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(key);
    json::write_string(out, value);
}
