//! Parameters of the query and of the path, with problem documents for what is wrong with them.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use prikrep_domain::{FieldError, Problem};
use serde::de::DeserializeOwned;

use super::{Failure, Shared};
use crate::words;

/// Parameters of the query.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Shared> for Params<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Failure> {
        Ok(Self(read(&parts.uri)?))
    }
}

/// Reads the parameters of an address.
pub(crate) fn read<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let Query(params) = Query::try_from_uri(uri).map_err(|rejection| {
        let message = std::error::Error::source(&rejection).map(ToString::to_string).unwrap_or_default();
        words_of(&message)
    })?;
    Ok(params)
}

/// Values are not repeated: only the names of parameters are.
fn words_of(message: &str) -> Problem {
    let name = message.split('`').nth(1).unwrap_or_default();
    if message.contains("unknown field") {
        // The name is the client's own: only as much of it as can be a name.
        let name: String = name.chars().take(64).collect();
        // From the end: the name may say anything, also this.
        let known = message.rsplit_once(", expected ").map_or("", |(_, known)| known).replace('`', "");
        words::bad_request(format!("Параметр {name} неизвестен; бывают: {}", known.trim_start_matches("one of ")))
    } else if message.contains("duplicate field") {
        words::bad_request(format!("Параметр {name} назван дважды"))
    } else {
        words::bad_request("Параметры запроса не удалось разобрать")
    }
}

/// The identifiers in the path, as they are written there.
pub(crate) struct PathIds<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Shared> for PathIds<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Shared) -> Result<Self, Failure> {
        let Path(ids) = Path::from_request_parts(parts, api)
            .await
            .map_err(|_| Failure::from(words::bad_request("Адрес запроса не удалось разобрать")))?;
        Ok(Self(ids))
    }
}

/// Reads an identifier of the path.
pub(crate) fn guid<T>(
    name: &str,
    text: &str,
    parse: fn(&str) -> Result<T, prikrep_domain::BadGuid>,
) -> Result<T, Problem> {
    parse(text)
        .map_err(|error| words::bad_fields(vec![FieldError { field: name.to_owned(), message: error.to_string() }]))
}
