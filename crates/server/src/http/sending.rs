//! Replies on their way to clients who read slowly: how much of them may wait in memory.
//!
//! Invariant: a long body has its share of the room from when it is made until it is sent or its connection ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Failure, Shared, words};

/// Bodies up to this length are not counted: the number of connections bounds them.
const SHORT: u64 = 64 << 10;
/// How long a reply waits for room.
const PATIENCE: Duration = Duration::from_secs(10);

/// The room that long replies may take together, in KiB.
pub(crate) struct Room(Arc<Semaphore>);

impl Room {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes >> 10)))
    }

    async fn take(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let kib = u32::try_from(bytes.div_ceil(1 << 10)).ok()?;
        tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_many_owned(kib)).await.ok()?.ok()
    }
}

/// Gives a long reply its room, or answers 503 when there is none.
pub(crate) async fn bounded(State(api): State<Shared>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    hold(&api.room, response).await
}

async fn hold(room: &Room, response: Response) -> Response {
    let bytes = response.body().size_hint().lower();
    if bytes <= SHORT {
        return response;
    }
    match room.take(bytes).await {
        Some(share) => response.map(|body| Body::new(Held { body, _share: share })),
        None => Failure::from(words::busy()).retry_after(PATIENCE).into_response(),
    }
}

/// A body with its share of the room.
struct Held {
    body: Body,
    _share: OwnedSemaphorePermit,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn reply(bytes: usize) -> Response {
        Response::new(Body::from(vec![b' '; bytes]))
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_reply_has_its_room_until_it_is_sent_or_given_up() {
        let room = Room::new(1 << 20);
        let first = hold(&room, reply(700 << 10)).await;
        assert_eq!(first.body().size_hint().exact(), Some(700 << 10));
        let refused = hold(&room, reply(400 << 10)).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().contains_key("retry-after"));
        assert_eq!(hold(&room, reply(300 << 10)).await.status(), StatusCode::OK, "there is room for less");
        assert_eq!(hold(&room, reply(64 << 10)).await.status(), StatusCode::OK, "short ones always go");
        drop(first);
        assert_eq!(hold(&room, reply(400 << 10)).await.status(), StatusCode::OK);
    }
}
