use std::sync::Arc;

use crate::{
    Engine,
    error::{Cause, Error},
};

/// What answers under one name.
#[derive(Clone, Debug)]
pub struct Endpoint {
    name: String,
    variants: Vec<Variant>,
}

/// One of the versions that share an endpoint's traffic.
#[derive(Clone, Debug)]
pub struct Variant {
    name: String,
    engine: Arc<Engine>,
}

impl Endpoint {
    /// What the only variant of an endpoint is called, as SageMaker's clients call it.
    pub const ONLY_VARIANT: &str = "AllTraffic";

    /// An endpoint of one variant.
    ///
    /// # Errors
    ///
    /// When the name cannot stand in an address.
    pub fn new(name: impl Into<String>, engine: impl Into<Arc<Engine>>) -> Result<Self, Error> {
        let name = name.into();
        if !is_path_segment(&name) {
            return Err(Error::new(Cause::ModelName { name }));
        }
        let variant = Variant { name: Self::ONLY_VARIANT.to_owned(), engine: engine.into() };
        Ok(Self { name, variants: vec![variant] })
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
}

impl Variant {
    /// What clients that want this one call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What answers.
    pub const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }
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
