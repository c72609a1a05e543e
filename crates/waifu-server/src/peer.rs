//! Where a request comes from, as far as that can be told: what limits count by.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv6Addr};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use ipnet::{IpNet, Ipv6Net};

use crate::app::App;

const X_FORWARDED_FOR: &str = "X-Forwarded-For";
/// One customer has all addresses of such a network.
const IPV6_CUSTOMER_BITS: u8 = 64;

/// An IPv4 address, or the /64 of an IPv6 one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

impl FromRequest for PeerAddress {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

impl PeerAddress {
    pub fn of(request: &HttpRequest) -> Self {
        let app = request
            .app_data::<web::Data<App>>()
            .expect("every server has its app");
        let peer = request.peer_addr().map(|peer| peer.ip());
        // A connection without an address is a local one.
        let peer = peer.unwrap_or(Ipv6Addr::LOCALHOST.into());
        let forwarded = request.headers().get_all(X_FORWARDED_FOR);
        let forwarded = forwarded.filter_map(|header| header.to_str().ok());
        let hops: Vec<&str> = forwarded.flat_map(|header| header.split(',')).collect();
        Self(counted(client(
            peer,
            &hops,
            &app.settings.server.trusted_proxies,
        )))
    }
}

/// A trusted proxy's word is taken for whom it has spoken to, and so on; anybody can write what stands before.
fn client(peer: IpAddr, hops: &[&str], trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut client = peer.to_canonical();
    for hop in hops.iter().rev() {
        if !is_trusted(&client) {
            break;
        }
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        client = address.to_canonical();
    }
    client
}

fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let net = Ipv6Net::new(address, IPV6_CUSTOMER_BITS).expect("64 bits are in an address");
            net.network().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_trusted_proxies_say_for_whom_they_speak() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        for (peer, hops, expected) in [
            ("192.0.2.7", vec!["198.51.100.1"], "192.0.2.7"),
            ("10.1.2.3", vec!["198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", vec![], "10.1.2.3"),
            // Whoever is behind the last trusted one can have written the rest.
            (
                "10.1.2.3",
                vec!["1.1.1.1", " 198.51.100.1 ", "10.9.9.9"],
                "198.51.100.1",
            ),
            ("::ffff:10.1.2.3", vec!["198.51.100.1"], "198.51.100.1"),
            ("::1", vec!["nonsense"], "::1"),
            ("::1", vec!["198.51.100.1", "nonsense"], "::1"),
        ] {
            assert_eq!(
                client(ip(peer), &hops, &trusted),
                ip(expected),
                "{peer} {hops:?}"
            );
        }
    }

    #[test]
    fn all_addresses_of_one_customer_count_as_one() {
        assert_eq!(counted(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(counted(ip("192.0.2.7")), ip("192.0.2.7"));
    }
}
