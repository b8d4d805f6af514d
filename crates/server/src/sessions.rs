//! Ids for clients that keep a session with one instance.
//!
//! What a model answers depends on its rows alone, so a session holds nothing: it has an id, which
//! SageMaker routes by, and an end. The protocol is SageMaker's stateful sessions: `NEW_SESSION` in
//! the header `X-Amzn-SageMaker-Session-Id` or in the body, as `{"requestType": "NEW_SESSION"}`;
//! then the id in the header; at last `{"requestType": "CLOSE"}`.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use crate::{config::SessionLimits, problem::Problem, reply::Reply, status::Reason};

/// What a client sends in an id's place that wants one.
const NEW: &str = "NEW_SESSION";

/// No request about sessions is longer.
const LONGEST_REQUEST: usize = 1024;

/// The sessions of all clients.
#[derive(Debug)]
pub(crate) struct Sessions {
    limits: SessionLimits,
    /// When each ends.
    ends: Mutex<BTreeMap<String, Instant>>,
}

/// What a header says of a request's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Session {
    /// There is to be one.
    New,
    /// The one of this id, which was open when the request came.
    Of(String),
}

/// What a body asks for that is no rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Open,
    Close,
}

impl Sessions {
    pub(crate) const fn new(limits: SessionLimits) -> Self {
        Self { limits, ends: Mutex::new(BTreeMap::new()) }
    }

    /// What a header says.
    ///
    /// # Errors
    ///
    /// When it names no session that is open.
    pub(crate) fn named(&self, id: &str) -> Result<Session, Problem> {
        if id == NEW {
            return Ok(Session::New);
        }
        match self.ends().get(id) {
            Some(end) if *end > Instant::now() => Ok(Session::Of(id.to_owned())),
            _ => {
                let message = format!("there is no session {id:?}: it never was, or has expired");
                Err(Problem::new(Reason::UnknownSession, message)
                    .expected("the id of an open session, or NEW_SESSION", id))
            }
        }
    }

    /// Answers a request that is about sessions alone; nothing happens and `None` comes back if the
    /// body is something else.
    pub(crate) fn answer(
        &self,
        session: Option<&Session>,
        body: &[u8],
        reply: &mut Reply,
    ) -> Option<Result<(), Problem>> {
        Some(match (request(body)?, session) {
            (Request::Open, _) => {
                reply.clear();
                reply.document("application/json", b"{\"status\":\"Session created\"}\n");
                self.open(reply)
            }
            (Request::Close, Some(Session::Of(id))) => {
                self.ends().remove(id);
                reply.clear();
                reply.document("application/json", b"{\"status\":\"Session closed\"}\n");
                reply.headers.push(("x-amzn-sagemaker-closed-session-id", id.clone()));
                Ok(())
            }
            (Request::Close, _) => {
                let message =
                    "the header X-Amzn-SageMaker-Session-Id must say which session to close";
                Err(Problem::new(Reason::UnknownSession, message).expected("an id", "none"))
            }
        })
    }

    /// Opens a session, and adds its id and its end to a reply: in the header that SageMaker renames
    /// for its clients, and in the one that these see.
    ///
    /// # Errors
    ///
    /// When there are as many as may be.
    pub(crate) fn open(&self, reply: &mut Reply) -> Result<(), Problem> {
        let (now, id) = (Instant::now(), id());
        let mut ends = self.ends();
        if ends.len() >= self.limits.count {
            ends.retain(|_, end| *end > now);
        }
        if ends.len() >= self.limits.count {
            let message = format!("there are {} sessions, and no more may be", ends.len());
            return Err(Problem::new(Reason::Overloaded, message));
        }
        ends.insert(id.clone(), now.checked_add(self.limits.time).unwrap_or(now));
        drop(ends);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let value = format!("{id}; Expires={}", utc(since.saturating_add(self.limits.time)));
        reply.headers.push(("x-amzn-sagemaker-session-id", value.clone()));
        reply.headers.push(("x-amzn-sagemaker-new-session-id", value));
        Ok(())
    }

    fn ends(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        // What the lock guards is whole at any time.
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a body asks of sessions, if it does.
fn request(body: &[u8]) -> Option<Request> {
    let begins = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if !begins || body.len() > LONGEST_REQUEST {
        return None;
    }
    let document: Value = serde_json::from_slice(body).ok()?;
    match document.get("requestType")?.as_str()? {
        NEW => Some(Request::Open),
        "CLOSE" => Some(Request::Close),
        _ => None,
    }
}

/// An id that is not met twice: 128 bits of hashes whose keys the system drew.
fn id() -> String {
    let bits = || RandomState::new().hash_one(Instant::now());
    format!("{:016x}{:016x}", bits(), bits())
}

/// A time as `YYYY-MM-DDTHH:MM:SSZ`, of what has passed since 1970.
///
/// The calendar is the one of H. Hinnant, *chrono-Compatible Low-Level Date Algorithms*: years begin
/// in March, so that the leap day is the last.
fn utc(since: Duration) -> String {
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + era * 400 + next;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(millis: u64, count: usize) -> Sessions {
        Sessions::new(SessionLimits { time: Duration::from_millis(millis), count })
    }

    fn opened(sessions: &Sessions) -> Result<String, Problem> {
        let mut reply = Reply::default();
        sessions.open(&mut reply)?;
        let (id, _) = reply.headers[0].1.split_once("; Expires=").unwrap();
        Ok(id.to_owned())
    }

    #[test]
    fn times_are_written_as_the_calendar_has_them() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(utc(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn sessions_expire_and_make_room() {
        let sessions = sessions(30, 2);
        let first = opened(&sessions).unwrap();
        assert_eq!(sessions.named(&first).unwrap(), Session::Of(first.clone()));
        let second = opened(&sessions).unwrap();
        assert_ne!(first, second);
        assert!(opened(&sessions).is_err(), "two may be");
        std::thread::sleep(Duration::from_millis(40));
        assert!(sessions.named(&first).is_err(), "it has expired");
        opened(&sessions).unwrap();
        assert!(sessions.named("NEW_SESSION").is_ok() && sessions.named("").is_err());
    }

    #[test]
    fn bodies_that_are_rows_are_not_about_sessions() {
        assert_eq!(request(b" {\"requestType\": \"NEW_SESSION\"}"), Some(Request::Open));
        assert_eq!(request(b"{\"requestType\":\"CLOSE\",\"more\":1}"), Some(Request::Close));
        for body in
            ["", "{", "[1]", "{\"requestType\":1}", "{\"requestType\":\"STOP\"}", "{\"a\":1}"]
        {
            assert_eq!(request(body.as_bytes()), None, "{body}");
        }
    }
}
