//! The admin API: what is served, and changes of it, in JSON.
//!
//! | Request | Body | Meaning |
//! |---|---|---|
//! | `GET /endpoints` | | every endpoint |
//! | `GET /endpoints/NAME` | | its variants, its shadow, and what became of them |
//! | `PUT /endpoints/NAME/weights` | `{"v1": 0.9, "v2": 0.1}` | other weights; who is not named keeps its own |
//! | `PUT /endpoints/NAME/variants/VARIANT` | `{"model": PATH, "weight": 0.1}` | another version, or a further variant |
//! | `DELETE /endpoints/NAME/variants/VARIANT` | | one variant less |
//! | `PUT /endpoints/NAME/shadow` | `{"model": PATH, "name": "next", "sample": 0.1, "tolerance": 0.01}` | another shadow |
//! | `DELETE /endpoints/NAME/shadow` | | no shadow |
//! | `POST /endpoints/NAME/rollback` | nothing, or `{"variant": "v2"}` | the version from before the one on probation |
//!
//! A change is answered with the endpoint as it is then: 200 says that the version is warm and
//! routable. Paths of models are relative to the folder that is served. A failure is told as all
//! others are, with 401 where there is no token, 403 where it is wrong, 404 where there is no such
//! endpoint or variant, 409 while a model is being opened for another change or where there is
//! nothing to go back to, and 422 where the model is refused; then everything stays as it was.

mod body;
mod operations;
mod state;

use std::{hint::black_box, sync::Mutex};

use hotplate::{Registry, config::SecretText};

use crate::{problem::Problem, profile::Profile, reply::Reply, status::Reason};

/// The admin API behind its door.
#[derive(Debug)]
pub(crate) struct Admin {
    token: SecretText,
    /// What every version must be fit for that answers.
    profile: Option<Profile>,
    /// Held by whoever opens a model, so that they come one after the other.
    opening: Mutex<()>,
}

/// What an address of the API is of.
enum Place<'p> {
    All,
    Endpoint(&'p str),
    Weights(&'p str),
    Variant(&'p str, &'p str),
    Shadow(&'p str),
    Rollback(&'p str),
}

impl Admin {
    pub(crate) const fn new(token: SecretText, profile: Option<Profile>) -> Self {
        Self { token, profile, opening: Mutex::new(()) }
    }

    /// Checks what a request has in `Authorization`.
    ///
    /// # Errors
    ///
    /// When that is not the token.
    pub(crate) fn admit(&self, authorization: Option<&str>) -> Result<(), Problem> {
        let scheme = |authorization: &str| {
            let (scheme, token) = authorization.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
        };
        match authorization.and_then(scheme) {
            None => {
                let message = "expected a header Authorization: Bearer TOKEN";
                Err(Problem::new(Reason::Unauthorized, message))
            }
            Some(token) if is_equal(token.as_bytes(), self.token.reveal().as_bytes()) => Ok(()),
            Some(_) => Err(Problem::new(Reason::Forbidden, "this is not the token")),
        }
    }

    /// Answers a request that was admitted. It may take as long as it takes to open a model.
    pub(crate) fn answer(
        &self,
        registry: Option<&Registry>,
        method: &str,
        path: &str,
        body: &[u8],
        reply: &mut Reply,
    ) {
        let answered = match registry {
            Some(registry) => self.change(registry, method, path, body),
            None => Err(Problem::new(Reason::NotReady, "the models are being loaded")),
        };
        match answered {
            Ok(document) => {
                let mut text = document.to_string();
                text.push('\n');
                reply.document("application/json", text.as_bytes());
            }
            Err(problem) => problem.answer(reply),
        }
    }

    fn change(
        &self,
        registry: &Registry,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<serde_json::Value, Problem> {
        let place = Place::of(path)?;
        let endpoint = match (&place, method) {
            (Place::All, "GET") => return Ok(state::all(&registry.load())),
            (Place::Endpoint(name), "GET") => *name,
            (Place::Weights(name), "PUT") => operations::weigh(registry, name, body)?,
            (Place::Variant(name, variant), "PUT") => {
                self.swap(registry, name, variant, body)?;
                name
            }
            (Place::Variant(name, variant), "DELETE") => {
                operations::remove(registry, name, variant)?
            }
            (Place::Shadow(name), "PUT") => {
                self.shadow(registry, name, body)?;
                name
            }
            (Place::Shadow(name), "DELETE") => operations::unshadow(registry, name)?,
            (Place::Rollback(name), "POST") => operations::roll_back(registry, name, body)?,
            _ => {
                let allow = place.methods();
                let message = format!("{path} has no {method}; use {allow}");
                let problem = Problem::new(Reason::MethodNotAllowed, message);
                return Err(problem.expected(allow, method).allow(allow));
            }
        };
        state::one(&registry.load(), endpoint)
    }
}

impl<'p> Place<'p> {
    fn of(path: &'p str) -> Result<Self, Problem> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        Ok(match parts[..] {
            ["endpoints"] => Self::All,
            ["endpoints", name] => Self::Endpoint(name),
            ["endpoints", name, "weights"] => Self::Weights(name),
            ["endpoints", name, "variants", variant] => Self::Variant(name, variant),
            ["endpoints", name, "shadow"] => Self::Shadow(name),
            ["endpoints", name, "rollback"] => Self::Rollback(name),
            _ => {
                let message = "there is no such path; there are /endpoints, /endpoints/NAME, and \
                               below that weights, variants/VARIANT, shadow and rollback";
                return Err(Problem::new(Reason::NotFound, message));
            }
        })
    }

    const fn methods(&self) -> &'static str {
        match self {
            Self::All | Self::Endpoint(_) => "GET",
            Self::Weights(_) => "PUT",
            Self::Variant(..) | Self::Shadow(_) => "PUT, DELETE",
            Self::Rollback(_) => "POST",
        }
    }
}

/// Whether two texts are the same, in a time that tells nothing of where they differ.
fn is_equal(got: &[u8], expected: &[u8]) -> bool {
    let differences = got.iter().zip(expected).fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    got.len() == expected.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_the_whole_token() {
        let admin = Admin::new("secret".to_owned().into(), None);
        let status = |authorization: Option<&str>| {
            admin.admit(authorization).err().map(|problem| {
                let mut reply = Reply::default();
                problem.answer(&mut reply);
                reply.status
            })
        };
        for good in ["Bearer secret", "bearer secret", "BEARER  secret "] {
            assert_eq!(status(Some(good)), None, "{good}");
        }
        for none in [None, Some(""), Some("secret"), Some("Basic secret"), Some("Bearer")] {
            assert_eq!(status(none), Some(401), "{none:?}");
        }
        for wrong in ["Bearer ", "Bearer secre", "Bearer secrets", "Bearer Secret"] {
            assert_eq!(status(Some(wrong)), Some(403), "{wrong}");
        }
    }
}
