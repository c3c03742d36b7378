//! A federal gateway to try everything against: generated applications that look like the region's, the
//! protocol over HTTP, and faults on request.
//!
//! [`Gateway`] is the whole of it without HTTP and without a clock, for simulations by seed; [`Simulator`]
//! serves one. Equal [`Scale`]s give equal data, byte for byte. State lives in memory only: a gateway that is
//! started again has forgotten every answer.
//!
//! Over HTTP, `/control` asks for faults and more:
//!
//! | request | does |
//! |---|---|
//! | `GET /control/faults` | shows the rules, with how often each has fired |
//! | `POST /control/faults` | sets the rules (a [`FaultPlan`]), in the place of the old ones |
//! | `DELETE /control/faults` | removes them |
//! | `POST /control/arrive` `{"count": 3}` | lets new applications arrive; tells their identifiers |
//! | `POST /control/epoch` | begins a new epoch: old cursors are answered 410 |
//! | `POST /control/forget` `{"id": "…"}` | forgets an application; consumers notice in the next epoch |
//! | `GET /control/answers` | the answers that were applied, and how often each took effect |
//!
//! A plan is `{"seed": 7, "rules": [{"fault": "drop_after", "on": "answers", "probability": 0.3, "count": 5}]}`.
//! Faults are `latency` (`latency_ms`), `status` (`status` 429, 500 or 503, `retry_after_secs`), `drop_before`,
//! `drop_after`, `cut_body`, `truncate`, `malformed` (`malformation`, `replace`), `expire_cursor` and
//! `expire_sessions`; see [`Fault`], [`Malformation`] and [`Scope`].

mod dice;
mod faults;
mod gateway;
mod http;
mod malformed;
mod sessions;
mod simulator;
mod world;

pub use faults::{BadFaults, Fault, FaultPlan, MAX_LATENCY_MS, MAX_RULES, Malformation, Rule, Scope};
pub use gateway::{AnswerError, Answered, AppliedAnswer, FeedError, Gateway, MAX_ARRIVALS, MAX_OFFSET};
pub use simulator::{DEFAULT_LOGIN, DEFAULT_PASSWORD, MAX_RATE, Options, Running, Simulator, StartError};
pub use world::{BadScale, MAX_APPLICATIONS, MAX_ORGANIZATIONS, Scale, ZONE};
