//! Who may open a socket from where.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderName, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use actix_web::http::uri::Authority;
use std::net::IpAddr;

use crate::app::App;
use crate::peer::PeerAddress;
use crate::problem::{Code, Problem};
use crate::settings::ServerSettings;
use crate::sockets::census::Stranger;

/// Before anything else is looked at.
pub fn admit(app: &App, request: &HttpRequest, protocol: &str) -> Result<(), Problem> {
    check_host(&app.settings.server, request)?;
    check_origin(&app.settings.server, request)?;
    check_protocol(request, protocol)
}

/// A page whose name was made to point here (DNS rebinding) names its own host; a number can't be made to.
fn check_host(settings: &ServerSettings, request: &HttpRequest) -> Result<(), Problem> {
    let refused = || {
        Problem::new(
            Code::Forbidden,
            "this host is not in server.allowed_hosts, nor an address or localhost",
        )
    };
    let authority: Authority = text(request, HOST)
        .and_then(|host| host.parse().ok())
        .ok_or_else(refused)?;
    let host = authority.host();
    let is_number = |host: &str| {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_ok()
    };
    let is_listed = |listed: &String| {
        listed.eq_ignore_ascii_case(host) || listed.eq_ignore_ascii_case(authority.as_str())
    };
    if is_number(host)
        || host.eq_ignore_ascii_case("localhost")
        || settings.allowed_hosts.iter().any(is_listed)
    {
        Ok(())
    } else {
        Err(refused())
    }
}

/// A place for somebody who is still to say who he is.
pub fn stranger(app: &App, request: &HttpRequest) -> Result<Stranger, Problem> {
    let place = app.census.stranger(PeerAddress::of(request).0);
    place.map_err(|_| Problem::new(Code::RateLimited, "too many sockets wait for their auth"))
}

/// Browsers name the page that opens a socket; only listed ones may.
fn check_origin(settings: &ServerSettings, request: &HttpRequest) -> Result<(), Problem> {
    let Some(origin) = request.headers().get(ORIGIN) else {
        return Ok(());
    };
    let is_listed = |listed: &String| listed == "*" || listed.as_bytes() == origin.as_bytes();
    if settings.allowed_origins.iter().any(is_listed) {
        Ok(())
    } else {
        Err(Problem::new(
            Code::Forbidden,
            "this origin is not in server.allowed_origins",
        ))
    }
}

/// None offered means ours; offering only others is refused.
fn check_protocol(request: &HttpRequest, protocol: &str) -> Result<(), Problem> {
    let mut offered = request
        .headers()
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(','))
        .map(str::trim)
        .peekable();
    if offered.peek().is_none() || offered.any(|name| name == protocol) {
        Ok(())
    } else {
        let detail = format!("the subprotocol must be {protocol}");
        Err(Problem::new(Code::MalformedJson, detail))
    }
}

fn text(request: &HttpRequest, name: HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}
