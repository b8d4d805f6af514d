//! Endpoints by name: what a process serves, which changes while requests are answered.

mod agree;
mod change;
mod compare;
mod endpoint;
mod history;
mod open;
mod probation;
mod retire;
mod shadow;
mod shares;
mod variant;

use std::{
    ops::Deref,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::{ArcSwap, Guard};

pub use self::{
    endpoint::Endpoint,
    history::{Change, Event, History},
    probation::{Outcome, Probation, ProbationTerms},
    shadow::{Shadow, ShadowFigures, ShadowTerms},
    variant::{Variant, Version},
};
use crate::{
    OpenOptions,
    error::{Cause, Error},
};

/// Endpoints by name, which come and go while they are asked. A clone is the same registry.
///
/// ```
/// # fn main() -> Result<(), hotplate::Error> {
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/housing");
/// use hotplate::{Engine, Endpoint, Registry};
///
/// let registry = Registry::new();
/// registry.insert(Endpoint::new("prices", Engine::open(path)?)?)?;
/// // A newer version takes its place while others ask; whoever asks the old one still gets its
/// // answer.
/// let old = registry.swap(Endpoint::new("prices", Engine::open(path)?)?);
/// assert_eq!(old.unwrap().name(), "prices");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Registry(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    endpoints: ArcSwap<Endpoints>,
    /// Held by whoever makes the next table from the present one.
    change: Mutex<()>,
    /// How and where its models were opened, for those to come.
    options: OpenOptions,
    folder: PathBuf,
}

impl Registry {
    /// A registry without endpoints.
    pub fn new() -> Self {
        Self::default()
    }

    /// The endpoints of this moment. To look at them costs no lock and no write to memory that other
    /// threads use; what is looked at stays as it is.
    ///
    /// A snapshot keeps what was removed meanwhile in memory: it is not for keeping.
    pub fn load(&self) -> Snapshot {
        Snapshot(self.0.endpoints.load())
    }

    /// Adds an endpoint.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NameTaken`](crate::ErrorKind::NameTaken) when there is one of this name.
    pub fn insert(&self, endpoint: Endpoint) -> Result<(), Error> {
        self.change(|endpoints| match endpoints.position(endpoint.name()) {
            Ok(_) => Err(Error::new(Cause::NameTaken { name: endpoint.name().to_owned() })),
            Err(place) => {
                endpoints.0.insert(place, Arc::new(endpoint));
                Ok(())
            }
        })
    }

    /// Puts an endpoint in the place of the one of its name, which is returned, or adds it.
    pub fn swap(&self, endpoint: Endpoint) -> Option<Arc<Endpoint>> {
        let endpoint = Arc::new(endpoint);
        self.change(|endpoints| match endpoints.position(endpoint.name()) {
            Ok(place) => Some(std::mem::replace(&mut endpoints.0[place], endpoint)),
            Err(place) => {
                endpoints.0.insert(place, endpoint);
                None
            }
        })
    }

    /// Takes the endpoint of this name away. Its memory is free when the last request that it answers
    /// has ended and what is returned here is dropped.
    pub fn remove(&self, name: &str) -> Option<Arc<Endpoint>> {
        self.change(|endpoints| {
            endpoints.position(name).ok().map(|place| endpoints.0.remove(place))
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut Endpoints) -> T) -> T {
        // What the lock guards is in the table, which is whole at any time.
        let _alone = self.0.change.lock().unwrap_or_else(PoisonError::into_inner);
        let mut endpoints = Endpoints::clone(&self.0.endpoints.load());
        let result = change(&mut endpoints);
        self.0.endpoints.store(Arc::new(endpoints));
        result
    }
}

/// The endpoints of one moment.
#[derive(Debug)]
pub struct Snapshot(Guard<Arc<Endpoints>>);

impl Deref for Snapshot {
    type Target = Endpoints;

    fn deref(&self) -> &Endpoints {
        &self.0
    }
}

/// Endpoints in the order of their names.
#[derive(Clone, Debug, Default)]
pub struct Endpoints(Vec<Arc<Endpoint>>);

impl Endpoints {
    /// The endpoint of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Endpoint>> {
        self.position(name).ok().map(|place| &self.0[place])
    }

    /// The endpoint, where there is one only.
    pub fn only(&self) -> Option<&Arc<Endpoint>> {
        self.0.first().filter(|_| self.0.len() == 1)
    }

    /// Where the endpoint of this name is, or where it would be.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|endpoint| endpoint.name().cmp(name))
    }
}

impl Deref for Endpoints {
    type Target = [Arc<Endpoint>];

    fn deref(&self) -> &[Arc<Endpoint>] {
        &self.0
    }
}
