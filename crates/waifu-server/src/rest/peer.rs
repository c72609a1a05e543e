//! Where a request comes from.

use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv6Addr};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

/// The address of whoever has opened the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

impl FromRequest for PeerAddress {
    type Error = std::convert::Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let address = request.peer_addr().map(|peer| peer.ip());
        // A connection without an address is a local one.
        ready(Ok(Self(address.unwrap_or(Ipv6Addr::LOCALHOST.into()))))
    }
}
