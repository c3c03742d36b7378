//! Refusing requests that two programs may read as two different ones, which is what request smuggling lives on.
//!
//! The parser takes a bare LF for the end of a line, a length beside `Transfer-Encoding`, the same length twice and
//! any number of `Host`, and drops what it does not use, so that nothing behind it can see them. So the same
//! bytes pass here first. Invariant: what is understood here serves nothing, it can only refuse: where this and
//! the parser differ, a request is refused that might have been served, never the other way round.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// No parser takes it in any place that is watched here: it answers 400, or the body fails.
const POISON: u8 = 0;
/// Sixteen hexadecimal digits would be more than any length.
const MAX_CHUNK_DIGITS: u8 = 8;
const MAX_LENGTH_DIGITS: usize = 15;

/// A connection whose requests can be read in one way only. After the first that cannot, nothing more is read.
pub(super) struct Strict<S> {
    stream: S,
    gate: Gate,
    refused: bool,
}

impl<S> Strict<S> {
    pub(super) fn new(stream: S, max_header_bytes: usize) -> Self {
        Self { stream, gate: Gate { place: Place::Head, head: Vec::new(), max_header_bytes }, refused: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Strict<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.refused {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let news = buf.filled_mut().get_mut(before..).unwrap_or_default();
        if let Some(at) = this.gate.refuses(news) {
            news.iter_mut().skip(at).take(1).for_each(|byte| *byte = POISON);
            buf.set_filled(before + at + 1);
            this.refused = true;
            tracing::debug!("a request that can be read in two ways was refused");
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Strict<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Where in the stream of requests the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Head,
    /// The head is over the parser's own limit, which answers it.
    TooLong,
    Body {
        left: u64,
    },
    ChunkSize {
        size: u64,
        digits: u8,
    },
    ChunkSizeLf {
        size: u64,
    },
    ChunkData {
        left: u64,
    },
    ChunkDataCr,
    ChunkDataLf,
    EndCr,
    EndLf,
}

struct Refusal;

struct Gate {
    place: Place,
    /// The head as far as it has come.
    head: Vec<u8>,
    max_header_bytes: usize,
}

impl Gate {
    /// Which of the next bytes makes the request one to be refused.
    fn refuses(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let (Place::Body { left } | Place::ChunkData { left }) = self.place else {
                match self.step(*byte) {
                    Ok(place) => self.place = place,
                    Err(Refusal) => return Some(at),
                }
                at += 1;
                continue;
            };
            let here = bytes.len() - at;
            let taken = usize::try_from(left).map_or(here, |left| left.min(here));
            at += taken;
            self.place = self.place.after(taken);
        }
        None
    }

    fn step(&mut self, byte: u8) -> Result<Place, Refusal> {
        match (self.place, byte) {
            (Place::Head, _) => self.head(byte),
            (Place::TooLong, _) => Ok(Place::TooLong),
            (Place::ChunkSize { size, digits }, b'\r') if digits > 0 => Ok(Place::ChunkSizeLf { size }),
            (Place::ChunkSize { size, digits }, _) => {
                let digit = char::from(byte).to_digit(16).filter(|_| digits < MAX_CHUNK_DIGITS).ok_or(Refusal)?;
                Ok(Place::ChunkSize { size: size * 16 + u64::from(digit), digits: digits + 1 })
            }
            (Place::ChunkSizeLf { size: 0 }, b'\n') => Ok(Place::EndCr),
            (Place::ChunkSizeLf { size }, b'\n') => Ok(Place::ChunkData { left: size }),
            (Place::ChunkDataCr, b'\r') => Ok(Place::ChunkDataLf),
            (Place::ChunkDataLf, b'\n') => Ok(Place::ChunkSize { size: 0, digits: 0 }),
            (Place::EndCr, b'\r') => Ok(Place::EndLf),
            (Place::EndLf, b'\n') => Ok(Place::Head),
            // Bytes of a body are not stepped over one by one, and nothing else may stand in these places.
            (
                Place::Body { .. }
                | Place::ChunkData { .. }
                | Place::ChunkSizeLf { .. }
                | Place::ChunkDataCr
                | Place::ChunkDataLf
                | Place::EndCr
                | Place::EndLf,
                _,
            ) => Err(Refusal),
        }
    }

    fn head(&mut self, byte: u8) -> Result<Place, Refusal> {
        let after_cr = self.head.last() == Some(&b'\r');
        if after_cr != (byte == b'\n') || byte == POISON {
            return Err(Refusal);
        }
        self.head.push(byte);
        if self.head.len() > self.max_header_bytes {
            self.head = Vec::new();
            return Ok(Place::TooLong);
        }
        if !self.head.ends_with(b"\r\n\r\n") {
            // An empty line before a request belongs to no request.
            return if self.head == b"\r\n" { Err(Refusal) } else { Ok(Place::Head) };
        }
        let head = std::mem::take(&mut self.head);
        let head = String::from_utf8_lossy(&head);
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        Framing::of(lines)?.body(first.ends_with("HTTP/1.1"))
    }
}

impl Place {
    /// After some bytes of a body.
    fn after(self, bytes: usize) -> Self {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        match self {
            Self::Body { left } if left <= bytes => Self::Head,
            Self::Body { left } => Self::Body { left: left - bytes },
            Self::ChunkData { left } if left <= bytes => Self::ChunkDataCr,
            Self::ChunkData { left } => Self::ChunkData { left: left - bytes },
            Self::Head
            | Self::TooLong
            | Self::ChunkSize { .. }
            | Self::ChunkSizeLf { .. }
            | Self::ChunkDataCr
            | Self::ChunkDataLf
            | Self::EndCr
            | Self::EndLf => self,
        }
    }
}

/// The headers that say where a request ends, and for whom it is.
#[derive(Default)]
struct Framing {
    length: Option<u64>,
    chunked: bool,
    hosts: usize,
}

impl Framing {
    fn of<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Self, Refusal> {
        let mut framing = Self::default();
        for line in lines.take_while(|line| !line.is_empty()) {
            if line.starts_with([' ', '\t']) {
                return Err(Refusal);
            }
            let (name, value) = line.split_once(':').ok_or(Refusal)?;
            let value = value.trim_matches([' ', '\t']);
            match name.to_ascii_lowercase().as_str() {
                "content-length" if framing.length.is_none() => framing.length = Some(length(value)?),
                "transfer-encoding" if !framing.chunked && value.eq_ignore_ascii_case("chunked") => {
                    framing.chunked = true;
                }
                "content-length" | "transfer-encoding" => return Err(Refusal),
                "host" => framing.hosts += 1,
                _ => {}
            }
        }
        Ok(framing)
    }

    fn body(&self, is_http_11: bool) -> Result<Place, Refusal> {
        let hosts = if is_http_11 { 1..=1 } else { 0..=1 };
        if !hosts.contains(&self.hosts) {
            return Err(Refusal);
        }
        match (self.length, self.chunked) {
            (Some(_), true) => Err(Refusal),
            (None, true) => Ok(Place::ChunkSize { size: 0, digits: 0 }),
            (None | Some(0), false) => Ok(Place::Head),
            (Some(left), false) => Ok(Place::Body { left }),
        }
    }
}

fn length(value: &str) -> Result<u64, Refusal> {
    let is_number = (1..=MAX_LENGTH_DIGITS).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { value.parse().map_err(|_| Refusal) } else { Err(Refusal) }
}

/// Where each request of a stream ends; `Err` with the place of the byte that is refused. Only the ends of whole
/// requests are told.
#[cfg(feature = "fuzzing")]
pub(super) fn ends(bytes: &[u8], max_header_bytes: usize) -> Result<Vec<usize>, usize> {
    let mut gate = Gate { place: Place::Head, head: Vec::new(), max_header_bytes };
    let mut ends = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        if gate.refuses(std::slice::from_ref(byte)).is_some() {
            return Err(at);
        }
        if gate.place == Place::Head && gate.head.is_empty() {
            ends.push(at + 1);
        }
    }
    Ok(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "POST /v1/sessions HTTP/1.1\r\nHost: r\r\n";

    fn gate() -> Gate {
        Gate { place: Place::Head, head: Vec::new(), max_header_bytes: 1_000 }
    }

    /// Whether it is refused whole; it must be the same byte by byte.
    fn is_refused(text: &str) -> bool {
        let whole = gate().refuses(text.as_bytes());
        let mut gate = gate();
        let by_one = text.as_bytes().iter().position(|byte| gate.refuses(&[*byte]).is_some());
        assert_eq!(whole, by_one, "{text:?}");
        whole.is_some()
    }

    #[test]
    fn whatever_can_be_read_in_two_ways_is_refused() {
        for headers in [
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
            "Content-Length: 4\r\nContent-Length: 4\r\n",
            "Content-Length: 4\r\ncontent-length: 5\r\n",
            "Content-Length: 4, 4\r\n",
            "Content-Length: +4\r\n",
            "Content-Length: 0x4\r\n",
            "Content-Length: \r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "X: a\r\n Content-Length: 4\r\n",
            "X: a\nContent-Length: 4\r\n",
            "X: a\rContent-Length: 4\r\n",
            "X: a\0\r\n",
            "no colon\r\n",
            "Host: other\r\n",
        ] {
            assert!(is_refused(&format!("{HEAD}{headers}\r\n")), "{headers:?}");
        }
        for text in ["\r\nGET / HTTP/1.1\r\nHost: r\r\n\r\n", "GET / HTTP/1.1\n", "GET / HTTP/1.1\r\n\r\n"] {
            assert!(is_refused(text), "{text:?}");
        }
        for body in
            ["\r\n", "4;a=b\r\n", "4 \r\n", "g\r\n", "-4\r\n", "4\n", "000000004\r\n", "4\r\nabcde", "0\r\nX: a\r\n"]
        {
            assert!(is_refused(&format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{body}")), "{body:?}");
        }
    }

    #[test]
    fn plain_requests_pass_one_after_another() {
        let bare = "GET / HTTP/1.1\r\nHost: r\r\nX: \u{442}\r\n\r\n";
        let length = format!("{HEAD}content-length:\t4 \r\n\r\n\n\r\0\n");
        let empty = format!("{HEAD}Content-Length: 0\r\n\r\n");
        let chunked = format!("{HEAD}Transfer-Encoding: Chunked\r\n\r\n4\r\n\n\n\n\n\r\nA\r\n0123456789\r\n0\r\n\r\n");
        let old = "GET / HTTP/1.0\r\n\r\n";
        assert!(!is_refused(&format!("{bare}{length}{empty}{chunked}{old}{bare}")));
    }

    #[test]
    fn a_head_over_the_limit_is_left_to_the_parser_and_nothing_of_it_is_kept() {
        let mut gate = gate();
        assert_eq!(gate.refuses(format!("GET /{}", "x".repeat(2_000)).as_bytes()), None);
        assert_eq!((gate.place, gate.head.capacity()), (Place::TooLong, 0));
    }
}
