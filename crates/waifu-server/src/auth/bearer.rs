//! `Authorization: Bearer …` in, a [`Caller`] out: as middleware, so that no body is looked at before a login.

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, web};
use std::future::{Ready, ready};
use waifu_app::caller::{Caller, KeyRefused, Scope, SessionHolder};
use waifu_app::identity::{LetIn, NotLetIn};
use waifu_app::ports::access_tokens::TokenRefused;
use waifu_app::ports::rate_limits::RequestClass;

use crate::app::App;
use crate::peer::PeerAddress;
use crate::problem::{Code, Problem};

/// Lets those in who show a good access token or API key. Wrapped around every scope that is not open to all.
pub async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let app = request
        .app_data::<web::Data<App>>()
        .expect("every server has its app");
    let let_in = app.identity.verify(shown(request.headers())?).await;
    if let Err(NotLetIn::NoSuchKey | NotLetIn::Token(TokenRefused::Invalid)) = &let_in {
        // Nobody guesses at keys and tokens faster than at passwords.
        let address = PeerAddress::of(request.request()).0;
        let counted = app.limits.take_from(RequestClass::Auth, address).await;
        counted.map_err(Problem::from)?;
    }
    let let_in = let_in.map_err(Problem::from)?;
    let known = Authenticated(let_in.caller);
    request.extensions_mut().insert(known);
    next.call(request).await
}

/// Who makes a request.
pub async fn verify(app: &App, headers: &HeaderMap) -> Result<LetIn, Problem> {
    Ok(app.identity.verify(shown(headers)?).await?)
}

/// The credential of a request; the query string and cookies are never looked at.
fn shown(headers: &HeaderMap) -> Result<&str, Problem> {
    let header = headers.get(AUTHORIZATION).ok_or_else(|| {
        Problem::new(Code::Unauthenticated, "the Authorization header is missing")
    })?;
    header
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
        })
}

/// Who was let in; handlers ask for one of those below, which say by what right.
#[derive(Debug, Clone, Copy)]
struct Authenticated(Caller);

/// Who may do something, as a handler's argument.
macro_rules! callers {
    ($($(#[$doc:meta])* $name:ident($caller:ty) = $right:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name(pub $caller);

        impl FromRequest for $name {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let right: fn(Caller) -> Result<$caller, KeyRefused> = $right;
                let allowed = authenticated(request).and_then(|caller| Ok(right(caller)?));
                ready(allowed.map(Self))
            }
        }
    )*};
}

callers! {
    /// What he may do is asked for each thing that he does.
    LetInHere(Caller) = Ok;
    MayRead(Caller) = |caller| caller.with(Scope::Read);
    MayChat(Caller) = |caller| caller.with(Scope::Chat);
    MayWrite(Caller) = |caller| caller.with(Scope::Write);
    /// No API key reaches it.
    SignedInHere(SessionHolder) = Caller::session;
}

fn authenticated(request: &HttpRequest) -> Result<Caller, Problem> {
    let missing = || Problem::new(Code::Unauthenticated, "this needs an access token");
    let extensions = request.extensions();
    let authenticated = extensions.get::<Authenticated>();
    authenticated.map(|known| known.0).ok_or_else(missing)
}
