//! The keys of `[endpoint]` and `[[variant]]`.

use super::{Amount, ConfigFile, FilePath, Fraction, Text, Truth, Whole};
use crate::error::Error;

crate::settings! {
    /// What is asked under one name, and how a version that is changed while it is served is tried.
    pub(crate) struct EndpointSettings = "endpoint" {
        /// What clients call it.
        name: Text, otherwise "the model's name; with [[variant]] tables, the folder's",
            like "\"churn\"";
        /// The first answers of a new version, during which the one before stays warm; 0 for none.
        probation: Whole = 1000;
        /// How many of them may fail, for reasons that are not the client's, before the version
        /// before comes back.
        max_failures: Whole = 0;
    }
}

crate::settings! {
    /// One of the versions that share the traffic of the folder's endpoint; instead of [model], which
    /// then stands in the folder of each version.
    pub(crate) struct VariantSettings = "variant" {
        /// What clients call it that want this one.
        name: Text, otherwise "none: it must be said", like "\"v1\"";
        /// The folder or the file of its model, from this file on.
        model: FilePath, otherwise "none: it must be said", like "\"v1\"";
        /// Its part of the sum of all weights.
        weight: Amount = 1.0;
        /// Whether it is shown a copy of the traffic, and never answers.
        shadow: Truth = false;
        /// Of a shadow: the fraction of the requests that it is shown.
        sample: Fraction = 1.0;
        /// Of a shadow: how far its numbers may lie from the answer's.
        tolerance: Amount, otherwise "what is allowed to its backend", like "0.001";
    }
}

/// The variants that a file has.
///
/// # Errors
///
/// The first thing that is wrong with them.
pub(crate) fn variants(file: &ConfigFile) -> Result<Vec<VariantSettings>, Error> {
    faults(file).into_iter().next().map_or_else(|| file.read_each(), Err)
}

/// Everything that is wrong with the variants of a file, each by itself and all together.
pub(super) fn faults(file: &ConfigFile) -> Vec<Error> {
    let faults = file.faults_of_each::<VariantSettings>();
    match file.read_each::<VariantSettings>() {
        Ok(variants) if faults.is_empty() && !variants.is_empty() => together(file, &variants),
        _ => faults,
    }
}

fn together(file: &ConfigFile, variants: &[VariantSettings]) -> Vec<Error> {
    let mut faults = Vec::new();
    let mut fault = |at: Option<usize>, key: &str, problem: String| {
        let section = at.map_or("variant".to_owned(), |at| format!("variant[{at}]"));
        let path = if key.is_empty() { section.clone() } else { format!("{section}.{key}") };
        let key = if key.is_empty() { String::new() } else { format!(" {key}") };
        faults.push(file.fault(&path, format!("[{section}]{key}: {problem}")));
    };
    for (at, variant) in variants.iter().enumerate() {
        match &variant.name {
            None => fault(Some(at), "", "it needs a `name`".to_owned()),
            Some(name) if variants[..at].iter().any(|other| other.name.as_ref() == Some(name)) => {
                fault(Some(at), "name", format!("another variant is called {name:?}"));
            }
            Some(_) => {}
        }
        match &variant.model {
            None => fault(Some(at), "", "it needs a `model`, a folder or a file".to_owned()),
            Some(path) if !path.exists() => {
                let problem = format!("there is no file or folder {}", path.display());
                fault(Some(at), "model", problem);
            }
            Some(_) => {}
        }
    }
    let weights = variants.iter().filter(|variant| !variant.shadow());
    let total: f64 = weights.map(VariantSettings::weight).sum();
    if !(total > 0.0 && total.is_finite()) {
        let problem = "one of them must have a weight above 0 and answer".to_owned();
        fault(None, "", problem);
    }
    let mut shadows = variants.iter().enumerate().filter(|(_, variant)| variant.shadow());
    if let (Some((_, first)), Some((at, _))) = (shadows.next(), shadows.next()) {
        let name = first.name.as_deref().unwrap_or_default();
        fault(Some(at), "shadow", format!("{name:?} is the shadow, and there is one"));
    }
    faults
}
