//! `hotplate serve`: settings, socket, models, and then requests until somebody says stop.

mod allocator;
mod example;
pub(crate) mod settings;
mod welcome;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Result, bail};
use hotplate::Registry;
use hotplate_server::{Profile, Server, Signals, base_folder, lock_memory};

use crate::{arguments::Serve, model};

/// Where models lie otherwise.
const DEFAULT_PATH: &str = "models";

pub(crate) fn run(arguments: &Serve) -> Result<()> {
    let said = arguments.path.clone().map_or_else(default_path, Ok);
    // Where models come later, there need not be any now; what is wrong without them is told below.
    let path = said.as_deref().unwrap_or(Path::new(DEFAULT_PATH));
    // Bound before anything is opened: a port that is taken fails at once, and who looks at /ping
    // meanwhile sees a server that is not ready instead of none.
    let mut config = settings::said(&arguments.flags, path)?.into_config()?;
    if config.multi_model.is_some() {
        allocator::gives_memory_back();
    }
    let options = arguments.runs_on.options();
    config.open = match &config.profile {
        Some(profile) => profile.open_options(options),
        None => options,
    };
    let comes_later = config.multi_model.is_some() && arguments.path.is_none();
    let path = if comes_later { path.to_owned() } else { said? };
    let server = Server::bind(&config)?;
    let start = Instant::now();
    let registry = match comes_later {
        true => Registry::new(),
        false => Registry::open(&path, &config.open).map_err(|error| model::about(&path, error))?,
    };
    if let Some(profile) = &config.profile {
        check_profile(profile, &registry)?;
    }
    let warm_in = start.elapsed();
    let memory = config.lock_memory.then(lock_memory);
    // From here on a signal drains; before, there is nothing to drain and it ends the program.
    let signals = Signals::take_over()?;
    server.install(registry.clone());
    welcome::print(&registry.load(), &path, &server, warm_in, memory);
    server.run_until(signals)?;
    Ok(())
}

/// Refuses models that the container could not hold.
fn check_profile(profile: &Profile, registry: &Registry) -> Result<()> {
    for endpoint in registry.load().iter() {
        for variant in endpoint.variants() {
            if let Err(problem) = profile.check(variant.engine()) {
                bail!("model {:?}: {problem}", endpoint.name());
            }
        }
    }
    Ok(())
}

/// Where SageMaker puts a model, else where models lie otherwise.
pub(crate) fn default_path() -> Result<PathBuf> {
    let in_container = base_folder().join("model");
    for path in [&in_container, Path::new(DEFAULT_PATH)] {
        if path.exists() {
            return Ok(path.to_owned());
        }
    }
    bail!(
        "nothing to serve: there is no {} and no folder {DEFAULT_PATH} here; name a model: \
         hotplate serve PATH",
        in_container.display()
    );
}
