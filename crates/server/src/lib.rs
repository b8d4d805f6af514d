//! The HTTP edge of Hotplate: SageMaker's container contract in front of warm engines.
//!
//! ```text
//! socket ──acceptor──▶ the thread with the fewest connections ──hyper──▶ Handler ──▶ Engine
//! ```
//!
//! [`Handler`] answers requests without knowing of sockets: head and body in, status and bytes
//! out. [`Server`] is the edge around it: one thread accepts, the others each run their own
//! connections, and a request is decoded, answered and encoded on the thread that read it. Only
//! bodies large enough to hold up their neighbours go to a thread of their own.
//!
//! | Route | Answer |
//! |---|---|
//! | `GET /ping` | 200 once every model is warm and right, 503 before; what runs each, and where |
//! | `GET /metrics` | the same for Prometheus, also before the models are there |
//! | `POST /invocations` | predictions of the only model |
//! | `POST /models/NAME/invoke` | predictions of that model |
//!
//! A request that fails gets one JSON object: `error` for a person, `reason` for programs, and
//! `row`, `column`, `expected` and `got` where they apply. Rows count from zero.
#![forbid(unsafe_code)]

mod accept;
mod config;
mod facts;
mod handler;
mod head;
mod http;
mod log;
mod memory;
mod observe;
mod problem;
mod reply;
mod sagemaker;
mod settings;
mod status;
mod wishes;

pub use config::{Config, ConfigError};
pub use handler::{Admitted, Handler, Scratch};
pub use head::Head;
pub use http::{ServeError, Server, Signals};
pub use memory::{Memory, lock as lock_memory};
pub use problem::Problem;
pub use reply::{Phases, Reply};
pub use sagemaker::base_folder;
pub use settings::{
    Capture, CaptureMode, EndpointName, MediaType, Metrics, Namespace, Origin, Serve, Settings,
    Sources,
};
