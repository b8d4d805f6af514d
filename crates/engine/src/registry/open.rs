//! What is served at first: models where they lie, and variants as configuration has them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Endpoint, ProbationTerms, Registry, Shadow, ShadowTerms, Shared, Variant, Version};
use crate::{
    ErrorKind, ModelFolder, OpenOptions,
    config::{self, ConfigFile, EndpointSettings, VariantSettings},
    error::{Cause, Error},
};

impl Registry {
    /// Opens what lies at `path`: a model file; a model folder; a folder whose `hotplate.toml` has
    /// `[[variant]]` tables; or a folder of folders of these two kinds.
    ///
    /// # Errors
    ///
    /// When nothing is there, one of the models cannot be opened, its name cannot stand in an
    /// address, or variants do not go together.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self, Error> {
        let found = find(path, options)?;
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
        let registry = Self(Arc::new(Shared {
            options: options.clone(),
            folder: folder.to_owned(),
            ..Shared::default()
        }));
        for one in &found {
            let endpoint = registry.open_found(one).map_err(|error| match found.len() {
                1 => error,
                _ => error.in_model(&one.name()),
            })?;
            registry.insert(endpoint)?;
        }
        Ok(registry)
    }

    /// Opens the model at `path`, which is relative to the folder that is served, with the options
    /// of the models that were there first, and returns when it is warm. Nothing is asked of it
    /// until it is put into an endpoint.
    ///
    /// # Errors
    ///
    /// As [`Engine::open`](crate::Engine::open).
    pub fn open_version(&self, path: &Path) -> Result<Version, Error> {
        let path = self.0.folder.join(path);
        Ok(Version::opened_at(self.0.options.open(&path)?, path))
    }

    fn open_found(&self, found: &Found) -> Result<Endpoint, Error> {
        match found {
            Found::Model(folder) => {
                let engine = self.0.options.open_folder(folder)?;
                let name = folder.endpoint.name.clone().unwrap_or(engine.name().to_owned());
                let version = Version::opened_at(engine, &folder.place);
                Ok(Endpoint::new(name, version)?.with_probation(terms(&folder.endpoint)))
            }
            Found::Variants { settings, variants, .. } => {
                let (mut sharing, mut shadow) = (Vec::new(), None);
                for said in variants {
                    let name = said.name.as_deref().unwrap_or_default();
                    let path = said.model.clone().unwrap_or_default();
                    let version = self.open_version(&path).map_err(|error| error.in_model(name))?;
                    let variant = Variant::new(name, version)?.with_weight(said.weight());
                    if said.shadow() {
                        let (sample, tolerance) = (said.sample(), said.tolerance);
                        let terms = ShadowTerms { sample, tolerance };
                        shadow = Some(Shadow::start(variant, terms)?);
                    } else {
                        sharing.push(variant);
                    }
                }
                let endpoint = Endpoint::with_variants(found.name(), sharing, shadow)?;
                Ok(endpoint.with_probation(terms(settings)))
            }
        }
    }
}

fn terms(settings: &EndpointSettings) -> ProbationTerms {
    ProbationTerms { answers: settings.probation(), max_failures: settings.max_failures() }
}

/// What an endpoint is made of, before it is opened.
enum Found {
    Model(Box<ModelFolder>),
    Variants { folder: PathBuf, settings: EndpointSettings, variants: Vec<VariantSettings> },
}

impl Found {
    fn name(&self) -> String {
        match self {
            Self::Model(folder) => folder.name().to_owned(),
            Self::Variants { folder, settings, .. } => {
                settings.name.clone().unwrap_or_else(|| ModelFolder::name_of(folder))
            }
        }
    }

    /// The variants that a folder's configuration has, if it has some.
    fn variants_in(folder: &Path) -> Result<Option<Self>, Error> {
        let config = ConfigFile::in_folder(folder)?;
        let variants = config::variants(&config)?;
        if variants.is_empty() {
            return Ok(None);
        }
        if config.has_section(config::MODEL.name) {
            return Err(for_several(&config, config::MODEL.name));
        }
        Ok(Some(Self::Variants { folder: folder.to_owned(), settings: config.read()?, variants }))
    }
}

fn find(path: &Path, options: &OpenOptions) -> Result<Vec<Found>, Error> {
    if path.is_dir()
        && let Some(variants) = Found::variants_in(path)?
    {
        return Ok(vec![variants]);
    }
    let combining = options.combining();
    let none = match ModelFolder::find_with(path, combining) {
        Ok(folder) => return Ok(vec![Found::Model(Box::new(folder))]),
        Err(error) if error.kind() == ErrorKind::NoModel && path.is_dir() => error,
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for folder in ModelFolder::folders_in(path)? {
        let one = match Found::variants_in(&folder)? {
            Some(variants) => Some(variants),
            None => {
                let model = ModelFolder::find_below(&folder, combining)?;
                model.map(|model| Found::Model(Box::new(model)))
            }
        };
        if let Some(one) = one {
            let config = ConfigFile::in_folder(&folder)?;
            let is_of_one = |name: &str| config::TABLES.iter().any(|table| table.name == name);
            if let Some(table) = config.sections().find(|name| !is_of_one(name)) {
                let table = table.to_owned();
                return Err(Error::new(Cause::TableOfOne { folder, table }));
            }
            found.push(one);
        }
    }
    if found.is_empty() {
        return Err(none);
    }
    let config = ConfigFile::in_folder(path)?;
    match config::TABLES.into_iter().find(|table| config.has_section(table.name)) {
        None => Ok(found),
        Some(table) => Err(for_several(&config, table.name)),
    }
}

/// The refusal of a table that stands beside several models and is about one.
fn for_several(config: &ConfigFile, table: &'static str) -> Error {
    Error::new(Cause::TableForSeveral { file: config.path().to_owned(), table })
}
