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
//! | `GET /execution-parameters` | what batches to send |
//!
//! Where models come and go ([`Config::multi_model`]), `GET /ping` is 200 from the beginning, and
//! there are more:
//!
//! | Route | Answer |
//! |---|---|
//! | `POST /models` | 200 once the model of `{"model_name": NAME, "url": PATH}` is warm |
//! | `GET /models?limit=N&next_page_token=TOKEN` | `{"models": [{"modelName": .., "modelUrl": ..}]}`, with a `nextPageToken` while there are more |
//! | `GET /models/NAME` | `{"modelName": .., "modelUrl": ..}` |
//! | `DELETE /models/NAME` | 200 once the model's memory is free |
//!
//! The reply to many rows goes out in chunks as they are computed. All rows are decoded before, so
//! that one that is wrong is told with a status; where the model fails in the midst of a reply, the
//! connection is broken off, which a client sees by the last chunk that is missing.
//!
//! `X-Amzn-SageMaker-Target-Variant` asks for one of a model's variants. What is served is changed by
//! an admin API on a listener of its own, where [`Admin`] says so: `GET /endpoints`, and below that
//! weights, variants, the shadow and the way back.
//!
//! Requests are counted and timed, by model, variant and phase, when their replies are made or, in
//! pieces, at their ends: for `GET /metrics`, for CloudWatch's embedded metrics ([`Metrics`]) and for
//! clients that ask by the attribute `timing`; where [`Capture`] says so, they are written down with
//! their replies.
//!
//! A request that fails gets one JSON object: `error` for a person, `reason` for programs, and
//! `row`, `column`, `expected` and `got` where they apply. Rows count from zero.
//!
//! Under a [`Profile`], bodies are read and replies are written as one of SageMaker's own containers
//! does it; those replies are whole, and all else is the same.
#![forbid(unsafe_code)]

mod accept;
mod admin;
mod aws;
mod batch;
mod config;
mod facts;
mod handler;
mod head;
mod http;
mod log;
mod management;
mod memory;
mod observe;
mod problem;
mod profile;
mod reply;
mod sagemaker;
mod sessions;
mod settings;
mod status;
mod wishes;

pub use config::{AdminConfig, Batch, Config, ConfigError, ModelMemory, SessionLimits};
pub use handler::{Admitted, Handler, Scratch};
pub use head::Head;
pub use http::{ServeError, Server, Signals};
pub use memory::{Memory, lock as lock_memory};
pub use problem::Problem;
pub use profile::{Container, Profile};
pub use reply::{Phases, Reply};
pub use sagemaker::base_folder;
pub use settings::{
    Admin, Aws, Capture, CaptureMode, EndpointName, MediaType, Metrics, Namespace, Origin, Serve,
    Settings, Sources,
};
