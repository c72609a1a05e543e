//! `GET /graphql/ws`: from a request to a socket.

use actix_web::{HttpRequest, HttpResponse, web};

use super::inbound::Reader;
use super::session::Door;
use crate::app::App;
use crate::graphql::Schema;
use crate::peer::PeerAddress;
use crate::sockets::admission::{admit, stranger};
use crate::sockets::transport::{self, LARGEST_AUTH};

const PROTOCOL: &str = "graphql-transport-ws";

pub async fn upgrade(
    app: web::Data<App>,
    schema: web::Data<Schema>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, actix_web::Error> {
    admit(&app, &request, PROTOCOL)?;
    let stranger = stranger(&app, &request)?;
    let (response, incoming, outgoing) =
        transport::open(&request, payload, &[PROTOCOL], LARGEST_AUTH)?;
    let door = Door {
        app,
        schema: schema.into_inner(),
        address: PeerAddress::of(&request).0,
        reader: Reader::new(incoming),
        outgoing,
    };
    actix_web::rt::spawn(door.serve(stranger));
    Ok(response)
}
