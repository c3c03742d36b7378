//! The control listener of the running server.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use prikrep_daemon::Clock;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::CancellationToken;

use super::{ControlFile, Hello, Ordered, PullSummary, Refusal, proof};
use crate::condition::Conditions;
use crate::config::Patience;
use crate::secret::same;
use crate::serving::Door;
use crate::syncing::Syncing;
use crate::{Order, OrderError, Outcome, Register, Secret, words};

const MAX_BODY_BYTES: usize = 64 << 10;
const MAX_CONNECTIONS: usize = 16;
const MAX_NONCE_CHARS: usize = 128;

/// What the control listener works with.
pub(crate) struct Control {
    pub(crate) register: Arc<Register>,
    pub(crate) conditions: Conditions,
    pub(crate) syncing: Option<Arc<Syncing>>,
    pub(crate) clock: Arc<dyn Clock>,
}

struct Shared {
    control: Control,
    token: Secret,
}

/// The listener that runs; its file is there as long as it does.
pub(crate) struct Listening {
    file: ControlFile,
    data_dir: PathBuf,
    task: JoinHandle<()>,
}

impl Listening {
    /// Waits for its end, after the server was told to stop.
    pub(crate) async fn ended(self) {
        self.file.remove(&self.data_dir);
        if self.task.await.is_err() {
            tracing::error!("the control listener failed");
        }
    }
}

/// Opens the listener on a free port and names it in the data folder.
pub(crate) async fn listen(
    control: Control,
    data_dir: &Path,
    stopping: CancellationToken,
) -> std::io::Result<Listening> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let token = Secret::random().map_err(std::io::Error::other)?;
    let file = ControlFile { address: listener.local_addr()?, token: token.clone() };
    file.write(data_dir)?;
    let router = router(Arc::new(Shared { control, token }));
    // It is on the loopback whatever the API listens on, and proves itself by its token.
    let door = Door { connections: MAX_CONNECTIONS, patience: Patience::default(), tls: None };
    let task = tokio::spawn(crate::serving::serve(listener, router, door, stopping));
    Ok(Listening { file, data_dir: data_dir.to_owned(), task })
}

fn router(shared: Arc<Shared>) -> Router {
    let guarded = Router::new()
        .route("/order", post(order))
        .route("/pull", post(pull))
        .route("/backup", post(backup))
        .layer(from_fn_with_state(Arc::clone(&shared), only_with_token));
    guarded.route("/hello", get(hello)).layer(DefaultBodyLimit::max(MAX_BODY_BYTES)).with_state(shared)
}

async fn only_with_token(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if same(shown.as_bytes(), shared.token.expose().as_bytes()) {
        next.run(request).await
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

#[derive(Deserialize)]
struct Nonce {
    nonce: String,
}

async fn hello(State(shared): State<Arc<Shared>>, Query(Nonce { nonce }): Query<Nonce>) -> Response {
    if nonce.len() > MAX_NONCE_CHARS {
        return StatusCode::BAD_REQUEST.into_response();
    }
    Json(Hello { proof: proof(&shared.token, &nonce) }).into_response()
}

async fn order(
    State(shared): State<Arc<Shared>>,
    Json(ordered): Json<Ordered<Order>>,
) -> Result<Json<Outcome>, Refused> {
    let done = spawn_blocking(move || {
        let control = &shared.control;
        let now = control.clock.now();
        let mut outcome = control.register.carry_out(ordered.order, &ordered.by, control.conditions.upstream(), now)?;
        if let Outcome::Status(condition) = &mut outcome {
            control.conditions.complete(condition, now);
        }
        Ok::<_, OrderError>(outcome)
    });
    let outcome = done.await.map_err(|_| Refused::internal())?;
    outcome.map(Json).map_err(|error| Refused(words::chain(&error)))
}

async fn pull(State(shared): State<Arc<Shared>>, Json(by): Json<String>) -> Result<Json<PullSummary>, Refused> {
    shared.write_down(&by, "pull").await?;
    let syncing = shared.control.syncing.as_ref();
    let syncing = syncing.ok_or_else(|| Refused("в конфигурации нет раздела [upstream]".to_owned()))?;
    syncing.pull_now().await.map(Json).map_err(Refused)
}

async fn backup(State(shared): State<Arc<Shared>>, Json(by): Json<String>) -> Result<Vec<u8>, Refused> {
    shared.write_down(&by, "backup").await?;
    let written = spawn_blocking(move || {
        let mut file = Vec::new();
        shared.control.register.store().backup(&mut file).map(|()| file)
    });
    written.await.map_err(|_| Refused::internal())?.map_err(|error| Refused(words::chain(&error)))
}

impl Shared {
    async fn write_down(self: &Arc<Self>, by: &str, command: &str) -> Result<(), Refused> {
        let (shared, by, command) = (Arc::clone(self), by.to_owned(), command.to_owned());
        let now = self.control.clock.now();
        let written = spawn_blocking(move || shared.control.register.note_command(&by, &command, now));
        written.await.map_err(|_| Refused::internal())?.map_err(|error| Refused(words::chain(&error)))
    }
}

struct Refused(String);

impl Refused {
    fn internal() -> Self {
        Self("внутренний сбой: посмотрите журнал регистра".to_owned())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, Json(Refusal { words: self.0 })).into_response()
    }
}
