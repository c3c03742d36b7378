//! Who may come in: every path is registered with the action that it asks for, and passed only by an account
//! whose role may do it.
//!
//! Invariant: a path cannot be registered without saying whose it is ([`Access`] is a part of the
//! registration), and a handler gets its [`SignedIn`] from here only: where nobody was let in, there is none.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use prikrep_domain::{Action, Problem, ProblemKind};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::PathItem;
use utoipa_axum::router::UtoipaMethodRouter;

use super::client::client_address;
use super::observe::AccountTag;
use super::{Failure, Peer, Shared};
use crate::SignedIn;

/// The field of a described operation that names its action.
const DESCRIBED_AS: &str = "x-action";

/// Whom a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// For everybody, without a session.
    Everybody,
    /// For accounts whose role may do this.
    Only(Action),
}

/// The methods of a path behind their guard, and described so.
pub(super) fn guarded(
    api: &Shared,
    access: Access,
    (schemas, paths, methods): UtoipaMethodRouter<Shared>,
) -> UtoipaMethodRouter<Shared> {
    let methods = match access {
        Access::Everybody => methods,
        Access::Only(action) => methods.route_layer(from_fn_with_state((Shared::clone(api), action), let_in)),
    };
    (schemas, paths, methods)
}

/// The same methods, described with their action.
pub(super) fn described(
    access: Access,
    (schemas, mut paths, methods): UtoipaMethodRouter<Shared>,
) -> UtoipaMethodRouter<Shared> {
    if let Access::Only(action) = access {
        paths.paths.values_mut().for_each(|item| describe(item, action));
    }
    (schemas, paths, methods)
}

fn describe(item: &mut PathItem, action: Action) {
    let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
    for operation in operations.into_iter().flatten() {
        operation.extensions = Some(ExtensionsBuilder::new().add(DESCRIBED_AS, action.name()).build());
    }
}

async fn let_in(
    State((api, action)): State<(Shared, Action)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(bearer).unwrap_or_default();
    let peer = request.extensions().get::<Peer>().copied();
    let Peer(peer) = peer.ok_or_else(|| Failure::from(Problem::new(ProblemKind::Internal)))?;
    let address = client_address(peer.to_canonical(), request.headers(), &api.trusted_proxies);
    let who = api.parts.register.signed_in(token, api.now())?.from_address(address);
    api.check_certificate(who.account.role, request.extensions().get())?;
    if let Some(tag) = request.extensions().get::<AccountTag>() {
        tag.set(who.account.login.tag());
    }
    api.rates.request(&who.account.login)?;
    who.may(action)?;
    request.extensions_mut().insert(who);
    Ok(next.run(request).await)
}

impl FromRequestParts<Shared> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Failure> {
        // A path for everybody whose handler asks who it is: a fault of this program, and nobody passes.
        parts.extensions.remove::<Self>().ok_or_else(|| Failure::from(Problem::new(ProblemKind::Internal)))
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_read_whatever_the_case_of_the_word() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc"), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer"), None);
    }
}
