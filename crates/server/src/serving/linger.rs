//! Closing a connection so that the other side can still read why.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What the other side may still send before it has read the last words.
const MOST_BYTES: usize = 64 << 10;

/// Says that nothing more comes, and reads on until the other side has closed: a connection that is dropped with
/// unread bytes is reset, and a reset may take the last words with it. The caller limits the time.
pub(crate) async fn linger(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let (mut buffer, mut left) = ([0; 4 << 10], MOST_BYTES);
    while left > 0 {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(read) => left = left.saturating_sub(read),
        }
    }
}
