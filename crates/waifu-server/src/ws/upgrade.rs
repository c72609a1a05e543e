//! `GET /ws/agents/{id}/chat`: from a request to a socket.

use actix_web::http::header::{AUTHORIZATION, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use actix_web::{HttpRequest, HttpResponse, web};
use tracing::debug;
use waifu_app::ports::access_tokens::VerifiedToken;

use super::inbound::Reader;
use super::outbound::Writer;
use super::session::Session;
use crate::app::App;
use crate::auth::bearer;
use crate::problem::{Code, Problem};
use crate::rest::query::WaifuPath;

const PROTOCOL: &str = "waifu.chat.v1";

pub async fn upgrade(
    app: web::Data<App>,
    id: WaifuPath,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, actix_web::Error> {
    check_origin(&app, &request)?;
    check_protocol(&request)?;
    let credential = early_credential(&app, &request)?;
    let (response, session, stream) =
        actix_ws::handle_with_protocols(&request, payload, &[PROTOCOL])?;
    actix_web::rt::spawn(async move {
        let mut writer = Writer::new(session);
        let mut reader = Reader::new(stream);
        let mut session = Session::new(app.into_inner(), id.0);
        let close = session.run(&mut reader, &mut writer, credential).await;
        debug!(?close, "a socket ends");
        writer.close(&close).await;
    });
    Ok(response)
}

/// Browsers name the page that opens a socket; only listed ones may.
fn check_origin(app: &App, request: &HttpRequest) -> Result<(), Problem> {
    let Some(origin) = request.headers().get(ORIGIN) else {
        return Ok(());
    };
    let allowed = &app.settings.server.allowed_origins;
    let listed = |listed: &String| listed == "*" || listed.as_bytes() == origin.as_bytes();
    if allowed.iter().any(listed) {
        Ok(())
    } else {
        Err(Problem::new(
            Code::Forbidden,
            "this origin is not in server.allowed_origins",
        ))
    }
}

/// None offered means this one; offering only others is refused.
fn check_protocol(request: &HttpRequest) -> Result<(), Problem> {
    let mut offered = request
        .headers()
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(','))
        .map(str::trim)
        .peekable();
    if offered.peek().is_none() || offered.any(|name| name == PROTOCOL) {
        Ok(())
    } else {
        let detail = format!("the subprotocol must be {PROTOCOL}");
        Err(Problem::new(Code::MalformedJson, detail))
    }
}

/// A client that sets headers may authenticate with the upgrade.
fn early_credential(app: &App, request: &HttpRequest) -> Result<Option<VerifiedToken>, Problem> {
    if request.headers().contains_key(AUTHORIZATION) {
        bearer::verify(app, request.headers()).map(Some)
    } else {
        Ok(None)
    }
}
