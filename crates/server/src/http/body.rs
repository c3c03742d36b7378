//! Bodies: JSON in, within its limit and with the wrong field named; JSON out.

use axum::body::{HttpBody, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use prikrep_domain::{FieldError, Problem, ProblemKind};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Failure, Shared};
use crate::words;

const MAX_PATH_CHARS: usize = 128;

/// A body of JSON, read whole within the limit, not yet understood.
pub(crate) struct JsonBytes(Bytes);

impl FromRequest<Shared> for JsonBytes {
    type Rejection = Failure;

    async fn from_request(request: Request, api: &Shared) -> Result<Self, Failure> {
        if !is_plain_json(request.headers()) {
            let problem = words::bad_request("Тело запроса должно быть несжатым application/json");
            return Err(Failure::from(problem).with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let most = api.limits.body_bytes;
        let declared = request.body().size_hint().lower();
        if usize::try_from(declared).map_or(true, |declared| declared > most) {
            return Err(too_large(most));
        }
        match to_bytes(request.into_body(), most).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(error) if is_over_limit(&error) => Err(too_large(most)),
            Err(_) => Err(words::bad_request("Тело запроса оборвалось").into()),
        }
    }
}

fn too_large(most: usize) -> Failure {
    Problem::new(ProblemKind::TooLarge).with_detail(format!("Тело запроса больше {} КиБ", most >> 10)).into()
}

fn is_plain_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let plain = headers.get(CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
    plain && essence.eq_ignore_ascii_case("application/json")
}

fn is_over_limit(error: &axum::Error) -> bool {
    std::iter::successors(std::error::Error::source(error), |cause| (*cause).source())
        .any(|cause| cause.to_string().contains("length limit exceeded"))
}

/// Why a body is not what was asked for.
pub(crate) enum BodyFault {
    /// It is not JSON.
    Malformed(Problem),
    /// It is JSON, but a field is not what the protocol says.
    Field(FieldError),
}

impl JsonBytes {
    #[cfg(feature = "fuzzing")]
    pub(crate) fn of(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Reads the body. The words name the place, never the value.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, BodyFault> {
        let mut json = serde_json::Deserializer::from_slice(&self.0);
        let value: T = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            // An unknown field is the client's own: only as much of it as can be a name.
            let path: String = error.path().to_string().chars().take(MAX_PATH_CHARS).collect();
            let cause = error.inner();
            match cause.classify() {
                serde_json::error::Category::Data => BodyFault::Field(FieldError {
                    field: if path == "." { String::new() } else { path },
                    message: data_words(cause),
                }),
                serde_json::error::Category::Io
                | serde_json::error::Category::Syntax
                | serde_json::error::Category::Eof => BodyFault::Malformed(not_json(cause)),
            }
        })?;
        json.end().map_err(|error| BodyFault::Malformed(not_json(&error)))?;
        Ok(value)
    }
}

fn not_json(error: &serde_json::Error) -> Problem {
    words::bad_request(format!("Тело запроса — не JSON: строка {}, столбец {}", error.line(), error.column()))
}

fn data_words(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!("строка {}, столбец {}", error.line(), error.column());
    // What stands between may be the client's own: only the ends are ours.
    if let Some(field) = message.strip_prefix("missing field `") {
        return format!("нет поля {} ({place})", field.split('`').next().unwrap_or_default());
    }
    match message.strip_prefix("unknown variant").and_then(|rest| rest.rsplit_once("expected one of ")) {
        Some((_, known)) => {
            let known = known.split(" at line").next().unwrap_or_default().replace('`', "");
            format!("бывает: {known} ({place})")
        }
        None => format!("значение не подходит по типу или виду ({place})"),
    }
}

/// A response of JSON that is written already.
pub(crate) fn json_bytes(status: StatusCode, json: impl Into<Bytes>) -> Response {
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (status, headers, json.into()).into_response()
}

/// Writes a value as JSON.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|error| words::internal(&error))
}
