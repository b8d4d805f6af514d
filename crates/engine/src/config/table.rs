//! What is declared once: tables of keys, and what is read and told of them.

use super::{ConfigFile, Section};
use crate::error::Error;

/// One key of a table, as it was declared.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The table that it stands in.
    pub table: &'static str,
    /// What it is called in the file.
    pub name: &'static str,
    /// What it is, in lines.
    pub doc: &'static [&'static str],
    /// What holds where nobody says anything.
    pub default: KeyDefault,
    /// A value, as TOML, where the default is none.
    pub example: Option<&'static str>,
    /// The variables of others that say the same.
    pub aliases: &'static [Alias],
    /// What stands for the value in help.
    pub placeholder: &'static str,
    /// What its flag means without a value, where that means anything.
    pub alone: Option<&'static str>,
    /// Whether its value is not for everybody to see.
    pub secret: bool,
    /// Refuses plain text that is no value, with what was expected.
    pub check: fn(&str) -> Result<(), &'static str>,
}

/// What holds where nobody says anything.
#[derive(Clone, Copy, Debug)]
pub enum KeyDefault {
    /// This value, as TOML.
    Value(fn() -> String),
    /// What these words say.
    Words(&'static str),
}

/// An environment variable that is not ours and means one of our keys.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// What it is called.
    pub variable: &'static str,
    /// What to put behind its value, such as `MiB`.
    pub unit: &'static str,
}

impl Key {
    /// What it is, in one line without a full stop.
    pub fn about(&self) -> String {
        let lines: Vec<_> = self.doc.iter().map(|line| line.trim()).collect();
        lines.join(" ").trim_end_matches('.').to_owned()
    }

    /// What holds where nobody says anything, for people.
    pub fn default_words(&self) -> String {
        match self.default {
            KeyDefault::Value(value) => value().trim_matches('"').to_owned(),
            KeyDefault::Words(words) => words.to_owned(),
        }
    }

    /// A value of it, as TOML.
    pub fn example(&self) -> String {
        match (self.example, self.default) {
            (Some(example), _) => example.to_owned(),
            (None, KeyDefault::Value(value)) => value(),
            (None, KeyDefault::Words(words)) => words.to_owned(),
        }
    }

    /// Our environment variable for it: `HOTPLATE_PORT` for a key of `[serve]`, and
    /// `HOTPLATE_CAPTURE_FOLDER` for one of another table.
    pub fn variable(&self) -> String {
        format!("HOTPLATE_{}", self.long_name('_').to_ascii_uppercase())
    }

    /// A value of it as it may be shown.
    pub fn shown(&self, value: String) -> String {
        if self.secret { "(not shown)".to_owned() } else { value }
    }

    /// Its flag, without the dashes in front: `port`, `capture-folder`.
    pub fn flag(&self) -> String {
        self.long_name('-').replace('_', "-")
    }

    fn long_name(&self, between: char) -> String {
        match self.table {
            "serve" => self.name.to_owned(),
            table => format!("{table}{between}{}", self.name),
        }
    }
}

/// What plain text said of a key, and whence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The flag or the variable.
    pub by: String,
    /// Its value.
    pub text: String,
    /// What to put behind the value.
    pub unit: &'static str,
}

/// Why what was said of a key is not its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    /// What was said.
    pub said: Said,
    /// What was expected.
    pub expected: &'static str,
}

/// The values of one table, as far as somebody said them.
///
/// [`settings!`](crate::settings) declares one.
pub trait Table: Sized + Default {
    /// What the table is called in the file.
    const NAME: &'static str;

    /// What it is, in lines.
    const DOC: &'static [&'static str];

    /// Its keys, in the order of declaration.
    const KEYS: &'static [Key];

    /// These, and `others` where these say nothing.
    #[must_use]
    fn or(self, others: Self) -> Self;

    /// The values that `said` gives for keys, as plain text.
    ///
    /// # Errors
    ///
    /// The first text that is none of its key's values.
    fn of_texts(said: &mut dyn FnMut(&Key) -> Option<Said>) -> Result<Self, Misread>;

    /// The values in one table of a file.
    ///
    /// # Errors
    ///
    /// The first value that is none of its key's.
    fn of_section(section: &Section<'_>) -> Result<Self, Error>;

    /// All values in one table of a file that are none of their keys'.
    fn faults_of(section: &Section<'_>) -> Vec<Error>;
}

/// What can be told of a table whatever its type.
#[derive(Clone, Copy, Debug)]
pub struct TableInfo {
    /// What it is called in the file.
    pub name: &'static str,
    /// What it is, in lines.
    pub doc: &'static [&'static str],
    /// Its keys, in the order of declaration.
    pub keys: &'static [Key],
    /// Whether a file may have several, each below a line `[[name]]`.
    pub each: bool,
    /// Everything that is wrong with it in a file.
    pub faults: fn(&ConfigFile) -> Vec<Error>,
}

impl TableInfo {
    /// What can be told of `T`.
    pub const fn of<T: Table>() -> Self {
        let faults = ConfigFile::faults::<T>;
        Self { name: T::NAME, doc: T::DOC, keys: T::KEYS, each: false, faults }
    }

    /// What can be told of `T`, of which a file may have several; `faults` looks at all of them.
    pub const fn of_each<T: Table>(faults: fn(&ConfigFile) -> Vec<Error>) -> Self {
        Self { name: T::NAME, doc: T::DOC, keys: T::KEYS, each: true, faults }
    }

    /// The line that begins one in a file.
    pub fn heading(&self) -> String {
        if self.each { format!("[[{}]]", self.name) } else { format!("[{}]", self.name) }
    }
}

/// Declares a table of `hotplate.toml`: a struct with an optional value for each key, and all that
/// is told of the keys.
///
/// ```
/// use hotplate::config::{Bytes, Port, Table as _};
///
/// hotplate::settings! {
///     /// Where to listen.
///     pub struct Listen = "listen" {
///         /// The port to listen on.
///         port: Port = 8080, also ["LISTEN_PORT"];
///         /// The longest body.
///         max_body: Bytes, otherwise "a tenth of the memory", like "\"25MiB\"",
///             also ["MAX_BODY_BYTES", "MAX_BODY_IN_MB" in "MiB"];
///     }
/// }
///
/// assert_eq!(Listen::default().port(), 8080);
/// assert_eq!(Listen::KEYS[1].variable(), "HOTPLATE_LISTEN_MAX_BODY");
/// ```
///
/// Behind the [`Kind`](crate::config::Kind) of its value a key has a default, which is either a
/// value (`=`, and then a method of the key's name gives the value or the default) or words that
/// say what the code decides (`otherwise`); where that is no value, an example in TOML (`like`); and
/// variables of others that say the same (`also`), of which the first that is set counts.
#[macro_export]
macro_rules! settings {
    (
        $(#[doc = $about:literal])+
        $vis:vis struct $Struct:ident = $table:literal {
            $(
                $(#[doc = $doc:literal])+
                $key:ident: $kind:ty
                    $(= $default:expr)?
                    $(, otherwise $otherwise:literal)?
                    $(, like $example:literal)?
                    $(, also [$($variable:literal $(in $unit:literal)?),+ $(,)?])?
                ;
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, Default, PartialEq)]
        $vis struct $Struct {
            $(
                $(#[doc = $doc])+
                $vis $key: ::core::option::Option<<$kind as $crate::config::Kind>::Value>,
            )+
        }

        impl $Struct {
            $($(
                #[doc = concat!("`", stringify!($key), "`, or its default.")]
                $vis fn $key(&self) -> <$kind as $crate::config::Kind>::Value {
                    self.$key.clone().unwrap_or_else(|| $default)
                }
            )?)+
        }

        impl $crate::config::Table for $Struct {
            const NAME: &'static str = $table;
            const DOC: &'static [&'static str] = &[$($about),+];
            const KEYS: &'static [$crate::config::Key] = &[$(
                $crate::config::Key {
                    table: $table,
                    name: stringify!($key),
                    doc: &[$($doc),+],
                    default: $crate::settings!(
                        @default $kind $(, value $default)? $(, words $otherwise)?
                    ),
                    example: $crate::settings!(@example $($example)?),
                    aliases: &[$($(
                        $crate::config::Alias {
                            variable: $variable,
                            unit: concat!("" $(, $unit)?),
                        }
                    ),+)?],
                    placeholder: <$kind as $crate::config::Kind>::PLACEHOLDER,
                    alone: <$kind as $crate::config::Kind>::ALONE,
                    secret: <$kind as $crate::config::Kind>::SECRET,
                    check: |text| <$kind as $crate::config::Kind>::of_text(text).map(drop),
                }
            ),+];

            fn or(self, others: Self) -> Self {
                Self { $($key: self.$key.or(others.$key)),+ }
            }

            fn of_texts(
                said: &mut dyn FnMut(
                    &$crate::config::Key,
                ) -> ::core::option::Option<$crate::config::Said>,
            ) -> ::core::result::Result<Self, $crate::config::Misread> {
                let mut keys = <Self as $crate::config::Table>::KEYS.iter();
                ::core::result::Result::Ok(Self {
                    $($key: match keys.next().and_then(&mut *said) {
                        ::core::option::Option::Some(said) => {
                            ::core::option::Option::Some(said.value::<$kind>()?)
                        }
                        ::core::option::Option::None => ::core::option::Option::None,
                    }),+
                })
            }

            fn of_section(
                section: &$crate::config::Section<'_>,
            ) -> ::core::result::Result<Self, $crate::Error> {
                ::core::result::Result::Ok(Self {
                    $($key: section.value::<$kind>(stringify!($key))?),+
                })
            }

            fn faults_of(section: &$crate::config::Section<'_>) -> ::std::vec::Vec<$crate::Error> {
                let faults = [$(section.value::<$kind>(stringify!($key)).err()),+];
                faults.into_iter().flatten().collect()
            }
        }
    };
    (@default $kind:ty, value $default:expr) => {
        $crate::config::KeyDefault::Value(|| <$kind as $crate::config::Written>::write(&$default))
    };
    (@default $kind:ty, words $words:literal) => {
        $crate::config::KeyDefault::Words($words)
    };
    (@example) => {
        ::core::option::Option::None
    };
    (@example $example:literal) => {
        ::core::option::Option::Some($example)
    };
}

impl Said {
    /// The value that was said.
    ///
    /// # Errors
    ///
    /// When it is none of the kind `K`.
    pub fn value<K: super::Kind>(self) -> Result<K::Value, Misread> {
        let value = K::of_text(&format!("{}{}", self.text, self.unit));
        value.map_err(|expected| Misread { said: self, expected })
    }
}

impl std::fmt::Display for Misread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { said: Said { by, text, unit }, expected } = self;
        let got = format!("got {text:?}");
        match *unit {
            "" => write!(f, "{by}: expected {expected}, {got}"),
            unit => write!(f, "{by}: expected a whole number of {unit}, {got}"),
        }
    }
}

impl std::error::Error for Misread {}
