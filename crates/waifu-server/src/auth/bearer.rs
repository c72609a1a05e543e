//! `Authorization: Bearer …` in, a [`Caller`] out: as middleware, so that no body is looked at before a login.

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, web};
use std::future::{Ready, ready};
use waifu_app::caller::Caller;
use waifu_app::ports::access_tokens::VerifiedToken;

use crate::app::App;
use crate::problem::{Code, Problem};

/// Lets those in who show a good access token. Wrapped around every scope that is not open to all.
pub async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let app = request
        .app_data::<web::Data<App>>()
        .expect("every server has its app");
    let verified = verify(app, request.headers()).await?;
    request
        .extensions_mut()
        .insert(Authenticated(verified.caller));
    next.call(request).await
}

/// The credential of a request; the query string and cookies are never looked at.
pub async fn verify(app: &App, headers: &HeaderMap) -> Result<VerifiedToken, Problem> {
    let header = headers.get(AUTHORIZATION).ok_or_else(|| {
        Problem::new(Code::Unauthenticated, "the Authorization header is missing")
    })?;
    let token = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| {
            Problem::new(
                Code::Unauthenticated,
                "the Authorization header must be a Bearer token",
            )
        })?;
    Ok(app.identity.verify(token).await?)
}

/// The caller, as a handler's argument.
#[derive(Debug, Clone, Copy)]
pub struct Authenticated(pub Caller);

impl FromRequest for Authenticated {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let missing = || Problem::new(Code::Unauthenticated, "this needs an access token");
        ready(
            request
                .extensions()
                .get::<Self>()
                .copied()
                .ok_or_else(missing),
        )
    }
}
