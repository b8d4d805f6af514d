use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Probation, endpoint::is_path_segment};
use crate::{
    Engine,
    error::{Cause, Error},
};

/// A model that was opened, and where it was found.
#[derive(Clone, Debug)]
pub struct Version {
    engine: Arc<Engine>,
    model: Option<PathBuf>,
}

/// One of the versions that share an endpoint's traffic.
#[derive(Clone, Debug)]
pub struct Variant {
    name: String,
    version: Version,
    weight: f64,
    pub(super) probation: Option<Arc<Probation>>,
}

impl Version {
    /// A version that was opened at `model`.
    pub fn opened_at(engine: impl Into<Arc<Engine>>, model: impl Into<PathBuf>) -> Self {
        Self { engine: engine.into(), model: Some(model.into()) }
    }

    /// What answers.
    pub const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The file or the folder that it was opened from, where that is known.
    pub fn model(&self) -> Option<&Path> {
        self.model.as_deref()
    }
}

impl<E: Into<Arc<Engine>>> From<E> for Version {
    fn from(engine: E) -> Self {
        Self { engine: engine.into(), model: None }
    }
}

impl Variant {
    /// The weight of a variant of which nothing else is said.
    pub const WEIGHT: f64 = 1.0;

    /// The most bytes of a name, as SageMaker has it.
    const LONGEST_NAME: usize = 63;

    /// A variant of this name.
    ///
    /// # Errors
    ///
    /// When the name is empty, longer than 63 bytes, or has other characters than letters, digits,
    /// `-`, `_` and `.`.
    pub fn new(name: impl Into<String>, version: impl Into<Version>) -> Result<Self, Error> {
        let name = name.into();
        if !is_path_segment(&name) || name.len() > Self::LONGEST_NAME {
            return Err(Error::new(Cause::VariantName { name }));
        }
        Ok(Self::named(name, version.into()))
    }

    pub(super) const fn named(name: String, version: Version) -> Self {
        Self { name, version, weight: Self::WEIGHT, probation: None }
    }

    /// The same with this share of the sum of all weights; what is no weight is refused by the
    /// [endpoint](super::Endpoint::with_variants).
    #[must_use]
    pub const fn with_weight(mut self, weight: f64) -> Self {
        self.weight = weight;
        self
    }

    /// The same with another version, on probation or not.
    pub(super) fn with_version(&self, version: Version, probation: Option<Arc<Probation>>) -> Self {
        Self { name: self.name.clone(), version, weight: self.weight, probation }
    }

    /// What clients that want this one call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What answers.
    pub const fn engine(&self) -> &Arc<Engine> {
        &self.version.engine
    }

    /// What answers, and where it was found.
    pub const fn version(&self) -> &Version {
        &self.version
    }

    /// Its part of the sum of all weights.
    pub const fn weight(&self) -> f64 {
        self.weight
    }

    /// The trial that its version is on, as long as it is.
    pub const fn probation(&self) -> Option<&Arc<Probation>> {
        self.probation.as_ref()
    }
}
