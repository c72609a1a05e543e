//! `GET /ws/agents/{id}/chat`: from a request to a socket.

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse, web};
use waifu_app::caller::Scope;
use waifu_app::identity::LetIn;
use waifu_app::use_cases::ResumeFrom;

use super::inbound::Reader;
use super::session::Door;
use crate::app::App;
use crate::auth::bearer;
use crate::peer::PeerAddress;
use crate::problem::{FieldError, Problem};
use crate::rest::query::WaifuPath;
use crate::sockets::admission::{admit, stranger};
use crate::sockets::transport::{self, LARGEST_AUTH, LARGEST_FRAME};

const PROTOCOL: &str = "waifu.chat.v1";
const RESUME: &str = "Waifu-Resume";

pub async fn upgrade(
    app: web::Data<App>,
    id: WaifuPath,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, actix_web::Error> {
    admit(&app, &request, PROTOCOL)?;
    let credential = early_credential(&app, &request).await?;
    let resume = early_resume(&request)?;
    let stranger = match credential {
        Some(_) => None,
        None => Some(stranger(&app, &request)?),
    };
    let largest_first = match stranger {
        Some(_) => LARGEST_AUTH,
        None => LARGEST_FRAME,
    };
    let (response, incoming, outgoing) =
        transport::open(&request, payload, &[PROTOCOL], largest_first)?;
    let door = Door {
        address: PeerAddress::of(&request).0,
        app: app.into_inner(),
        waifu_id: id.0,
        reader: Reader::new(incoming),
        outgoing,
    };
    actix_web::rt::spawn(door.serve(credential, resume, stranger));
    Ok(response)
}

/// A client that sets headers may authenticate with the upgrade.
async fn early_credential(app: &App, request: &HttpRequest) -> Result<Option<LetIn>, Problem> {
    if request.headers().contains_key(AUTHORIZATION) {
        let credential = bearer::verify(app, request.headers()).await?;
        credential.caller.with(Scope::Chat)?;
        Ok(Some(credential))
    } else {
        Ok(None)
    }
}

fn early_resume(request: &HttpRequest) -> Result<Option<ResumeFrom>, Problem> {
    let Some(header) = request.headers().get(RESUME) else {
        return Ok(None);
    };
    let refused = |why: String| Problem::invalid(vec![FieldError::parameter(RESUME, why)]);
    let text = header
        .to_str()
        .map_err(|error| refused(error.to_string()))?;
    let place = text.parse::<ResumeFrom>();
    place.map(Some).map_err(|error| refused(error.to_string()))
}
