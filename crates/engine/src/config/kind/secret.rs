use std::fmt;

use super::Kind;

/// A text that is not for everybody to see.
#[derive(Debug)]
pub struct Secret;

/// Such a text, which is not shown where a value is printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

impl Kind for Secret {
    type Value = SecretText;
    const PLACEHOLDER: &'static str = "SECRET";
    const SECRET: bool = true;

    fn of_text(text: &str) -> Result<SecretText, &'static str> {
        if text.is_empty() { Err("a text that is not empty") } else { Ok(text.to_owned().into()) }
    }
}
