use std::{collections::BTreeMap, path::Path, sync::Arc};

use crate::{
    Engine, ErrorKind, ModelFolder, OpenOptions, config,
    config::ConfigFile,
    error::{Cause, Error},
};

/// Engines by name.
#[derive(Clone, Debug)]
pub struct Registry {
    engines: BTreeMap<String, Arc<Engine>>,
}

impl Registry {
    /// Opens what lies at `path`: a model file, a model folder, or a folder of model folders.
    ///
    /// # Errors
    ///
    /// When nothing is there, one of the models cannot be opened, or its name cannot stand in an
    /// address.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self, Error> {
        let combine = options.combines();
        let folders = match ModelFolder::find_with(path, combine) {
            Ok(folder) => vec![folder],
            Err(error) if error.kind() == ErrorKind::NoModel && path.is_dir() => {
                let below = ModelFolder::below_with(path, combine)?;
                if below.is_empty() {
                    return Err(error);
                }
                check_tables(path, &below)?;
                below
            }
            Err(error) => return Err(error),
        };
        let mut engines = BTreeMap::new();
        for folder in &folders {
            let engine = options.open_folder(folder).map_err(|error| match folders.len() {
                1 => error,
                _ => error.in_model(folder.name()),
            })?;
            let name = engine.name().to_owned();
            if !is_path_segment(&name) {
                return Err(Error::new(Cause::ModelName { name }));
            }
            if engines.insert(name.clone(), Arc::new(engine)).is_some() {
                let problem = format!("two models are called {name:?}");
                return Err(Error::config(path, problem));
            }
        }
        Ok(Self { engines })
    }

    /// The engine called `name`.
    pub fn get(&self, name: &str) -> Option<&Arc<Engine>> {
        self.engines.get(name)
    }

    /// The engine, where there is one only.
    pub fn only(&self) -> Option<&Arc<Engine>> {
        let mut engines = self.engines.values();
        engines.next().filter(|_| engines.next().is_none())
    }

    /// All engines, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Engine>> {
        self.engines.values()
    }
}

/// Checks that each table of configuration stands where it is read.
fn check_tables(path: &Path, below: &[ModelFolder]) -> Result<(), Error> {
    if ConfigFile::in_folder(path)?.has_section(config::MODEL.name) {
        return Err(Error::new(Cause::ModelTableForSeveral { file: path.join(config::FILE_NAME) }));
    }
    for folder in below {
        if let Some(table) = &folder.other_table {
            let table = table.clone();
            let folder = folder.file().parent().unwrap_or(path).to_owned();
            return Err(Error::new(Cause::TableOfOne { folder, table }));
        }
    }
    Ok(())
}

/// Whether a name can stand in an address, a metric and a log line as it is.
fn is_path_segment(name: &str) -> bool {
    const LONGEST: usize = 128;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    // Clients resolve `.` and `..` before they send a path.
    let stays = name.bytes().any(|byte| byte != b'.');
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(allowed) && stays
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_need_escaping_are_no_path_segments() {
        for name in ["churn", "churn-v2.1_b", "7"] {
            assert!(is_path_segment(name), "{name}");
        }
        for name in ["", ".", "..", "my model", "a/b", "naïve", "a\nb", &"x".repeat(129)] {
            assert!(!is_path_segment(name), "{name}");
        }
    }
}
