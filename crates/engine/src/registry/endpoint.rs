use std::sync::Arc;

use super::{History, Probation, ProbationTerms, Shadow, Variant, Version, agree, shares::Shares};
use crate::{
    Engine, ErrorKind,
    error::{Cause, Error},
};

/// What answers under one name. It does not change: what changes is which one a
/// [registry](super::Registry) has.
#[derive(Clone, Debug)]
pub struct Endpoint {
    name: String,
    variants: Vec<Variant>,
    shares: Shares,
    shadow: Option<Arc<Shadow>>,
    probation: ProbationTerms,
    history: Arc<History>,
    /// Whether anybody looks at its answers.
    watched: bool,
}

impl Endpoint {
    /// What the only variant of an endpoint is called, as SageMaker's clients call it.
    pub const ONLY_VARIANT: &str = "AllTraffic";

    /// An endpoint of one variant.
    ///
    /// # Errors
    ///
    /// When the name cannot stand in an address.
    pub fn new(name: impl Into<String>, version: impl Into<Version>) -> Result<Self, Error> {
        let variant = Variant::named(Self::ONLY_VARIANT.to_owned(), version.into());
        Self::with_variants(name, vec![variant], None)
    }

    /// An endpoint whose variants share the traffic by their weights, and one that only watches, if
    /// there is one.
    ///
    /// # Errors
    ///
    /// When the name cannot stand in an address, two variants share one, no weight is above zero or
    /// one is below, or the variants do not read the same or answer in different kinds.
    pub fn with_variants(
        name: impl Into<String>,
        variants: Vec<Variant>,
        shadow: Option<Shadow>,
    ) -> Result<Self, Error> {
        let name = name.into();
        if !is_path_segment(&name) {
            return Err(Error::new(Cause::ModelName { name }));
        }
        let shares = shares(&name, &variants)?;
        let endpoint = Self {
            name,
            variants,
            shares,
            shadow: shadow.map(Arc::new),
            probation: ProbationTerms::default(),
            history: Arc::default(),
            watched: false,
        };
        endpoint.checked()
    }

    /// The same with other terms for the versions to come.
    #[must_use]
    pub const fn with_probation(mut self, probation: ProbationTerms) -> Self {
        self.probation = probation;
        self
    }

    /// Whether an endpoint can be called so: the name can stand in an address, a metric and a log
    /// line as it is.
    pub fn is_name(name: &str) -> bool {
        is_path_segment(name)
    }

    /// What clients call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The versions that share its traffic, at least one.
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }

    /// The variant of this name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownVariant`], which names those that there are.
    pub fn variant(&self, name: &str) -> Result<&Variant, Error> {
        self.position(name).map(|at| &self.variants[at])
    }

    /// The version that is given a copy of the traffic and never answers.
    pub const fn shadow(&self) -> Option<&Arc<Shadow>> {
        self.shadow.as_ref()
    }

    /// What versions are tried by that come later.
    pub const fn probation(&self) -> ProbationTerms {
        self.probation
    }

    /// What became of it since it was there first.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The index of the variant that answers the next request of this thread: the one of this name,
    /// or one by its share of the traffic.
    ///
    /// # Errors
    ///
    /// When the name is that of none.
    pub fn choose(&self, target: Option<&str>) -> Result<usize, Error> {
        match target {
            None => Ok(self.shares.choose()),
            Some(name) => self.position(name),
        }
    }

    /// Whether its answers are looked at: there is a shadow, or a version on probation.
    pub const fn is_watched(&self) -> bool {
        self.watched
    }

    /// A variant's share of the traffic, from zero to one.
    pub fn share(&self, variant: &Variant) -> f64 {
        variant.weight() / self.variants.iter().map(Variant::weight).sum::<f64>()
    }

    /// The same with other weights for some of its variants.
    ///
    /// # Errors
    ///
    /// When one is not there, or the weights make no shares.
    pub fn with_weights<'w>(
        &self,
        weights: impl IntoIterator<Item = (&'w str, f64)>,
    ) -> Result<Self, Error> {
        let mut next = self.clone();
        for (name, weight) in weights {
            let at = self.position(name)?;
            next.variants[at] = next.variants[at].clone().with_weight(weight);
        }
        next.checked()
    }

    /// The same with this version in the place of the one that the variant has, or with a further
    /// variant. The version is on probation: while it is, the last one that passed stays warm.
    ///
    /// # Errors
    ///
    /// When it does not read or answer as the others do, or the weights make no shares.
    pub fn with_version(
        &self,
        name: &str,
        version: Version,
        weight: Option<f64>,
    ) -> Result<Self, Error> {
        let mut next = self.clone();
        let at = self.variants.iter().position(|variant| variant.name() == name);
        // A version that has not passed is not what one goes back to.
        let before = at.and_then(|at| match self.variants[at].probation() {
            Some(probation) => probation.before().cloned(),
            None => Some(self.variants[at].version().clone()),
        });
        let probation = Probation::begin(self.probation, before).map(Arc::new);
        match at {
            Some(at) => {
                let variant = self.variants[at].with_version(version, probation);
                let weight = weight.unwrap_or(variant.weight());
                next.variants[at] = variant.with_weight(weight);
            }
            None => {
                let variant = Variant::new(name, version)?;
                let mut variant = variant.with_weight(weight.unwrap_or(Variant::WEIGHT));
                variant.probation = probation;
                next.variants.push(variant);
            }
        }
        next.checked()
    }

    /// The same without one of its variants.
    ///
    /// # Errors
    ///
    /// When it is not there, or the weights of the others make no shares.
    pub fn without_variant(&self, name: &str) -> Result<Self, Error> {
        let mut next = self.clone();
        next.variants.remove(self.position(name)?);
        next.checked()
    }

    /// The same with another shadow, or without one.
    ///
    /// # Errors
    ///
    /// When it does not read or answer as the variants do.
    pub fn with_shadow(&self, shadow: Option<Arc<Shadow>>) -> Result<Self, Error> {
        Self { shadow, ..self.clone() }.checked()
    }

    /// The same with the version that a variant had before: a variant that was new is taken away.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NothingBefore`] when its version is not on probation, and when a new variant is
    /// all that gets traffic.
    pub fn rolled_back(&self, name: &str) -> Result<Self, Error> {
        let at = self.position(name)?;
        let variant = &self.variants[at];
        let Some(probation) = variant.probation() else {
            let problem = format!(
                "the version of variant {name:?} is not on probation, so that the one before is no \
                 longer there"
            );
            return Err(self.refused(ErrorKind::NothingBefore, problem));
        };
        let Some(before) = probation.before() else { return self.without_variant(name) };
        let mut next = self.clone();
        next.variants[at] = variant.with_version(before.clone(), None);
        next.checked()
    }

    /// The same with a version that is no longer on probation.
    pub(super) fn confirmed(&self, at: usize) -> Result<Self, Error> {
        let mut next = self.clone();
        next.variants[at].probation = None;
        next.checked()
    }

    /// The place of the variant that is on this trial.
    pub(super) fn on(&self, probation: &Arc<Probation>) -> Option<usize> {
        self.variants.iter().position(|variant| {
            variant.probation().is_some_and(|known| Arc::ptr_eq(known, probation))
        })
    }

    /// Every engine that it keeps warm.
    pub(super) fn engines(&self) -> impl Iterator<Item = &Arc<Engine>> {
        let before = self.variants.iter().filter_map(|variant| variant.probation()?.before());
        let shadow = self.shadow.iter().map(|shadow| shadow.variant().engine());
        self.variants.iter().map(Variant::engine).chain(before.map(Version::engine)).chain(shadow)
    }

    /// What follows from its variants, if they go together.
    fn checked(mut self) -> Result<Self, Error> {
        self.shares = shares(&self.name, &self.variants)?;
        let shadow = self.shadow.as_deref().map(Shadow::variant);
        let mut all = self.variants.iter().chain(shadow);
        let first = all.next();
        for other in all.clone() {
            let Some(first) = first else { break };
            agree::check(first.engine(), other.engine()).map_err(|problem| {
                let (first, other) = (first.name(), other.name());
                let problem = format!("variant {other:?} is not as {first:?} is: {problem}");
                self.refused(ErrorKind::VariantsDiffer, problem)
            })?;
        }
        let mut names: Vec<&str> = first.into_iter().chain(all).map(Variant::name).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            let problem = format!("two variants are called {:?}", twice[0]);
            return Err(self.refused(ErrorKind::Configuration, problem));
        }
        self.watched = self.shadow.is_some()
            || self.variants.iter().any(|variant| variant.probation().is_some());
        Ok(self)
    }

    fn position(&self, name: &str) -> Result<usize, Error> {
        self.variants.iter().position(|variant| variant.name() == name).ok_or_else(|| {
            let names: Vec<&str> = self.variants.iter().map(Variant::name).collect();
            let problem = format!("there is no variant {name:?}; there is {}", names.join(" or "));
            self.refused(ErrorKind::UnknownVariant, problem)
        })
    }

    fn refused(&self, kind: ErrorKind, problem: String) -> Error {
        Error::new(Cause::Endpoint { kind, endpoint: self.name.clone(), problem })
    }
}

fn shares(endpoint: &str, variants: &[Variant]) -> Result<Shares, Error> {
    let refused = |problem: String| {
        let kind = ErrorKind::Configuration;
        Error::new(Cause::Endpoint { kind, endpoint: endpoint.to_owned(), problem })
    };
    if let Some(wrong) = variants.iter().find(|variant| !is_weight(variant.weight())) {
        let (name, weight) = (wrong.name(), wrong.weight());
        let problem = format!("variant {name:?}: expected a weight of at least 0, got {weight}");
        return Err(refused(problem));
    }
    Shares::new(variants.iter().map(Variant::weight)).ok_or_else(|| {
        refused("the weights of its variants must have a sum above zero that is finite".to_owned())
    })
}

fn is_weight(number: f64) -> bool {
    (0.0..f64::INFINITY).contains(&number)
}

/// Whether a name can stand in an address, a metric and a log line as it is.
pub(super) fn is_path_segment(name: &str) -> bool {
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
