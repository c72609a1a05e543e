//! What clients are told of their limits: the fields `RateLimit-Policy` and `RateLimit` of the IETF's draft
//! (draft-ietf-httpapi-ratelimit-headers).

use std::fmt::Write;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use waifu_app::ports::rate_limits::{Allowance, RequestClass, Requester};

pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What is left of one limit after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub policy: &'static str,
    pub allowance: Allowance,
}

impl Told {
    pub fn new(class: RequestClass, who: Requester, allowance: Allowance) -> Self {
        let policy = match (class, who) {
            (RequestClass::Auth, _) => "auth",
            (RequestClass::Read, Requester::User(_)) => "read",
            (RequestClass::Read, Requester::Address(_)) => "read-address",
            (RequestClass::Write, Requester::User(_)) => "write",
            (RequestClass::Write, Requester::Address(_)) => "write-address",
            (RequestClass::Chat, Requester::User(_)) => "chat",
            (RequestClass::Chat, Requester::Address(_)) => "chat-address",
            (RequestClass::Admin, Requester::User(_)) => "admin",
            (RequestClass::Admin, Requester::Address(_)) => "admin-address",
        };
        Self { policy, allowance }
    }
}

/// Writes down what is told of each limit, if anything is.
pub fn write(told: &[Told], headers: &mut HeaderMap) {
    if told.is_empty() {
        return;
    }
    let (mut policies, mut limits) = (String::new(), String::new());
    for Told { policy, allowance } in told {
        let Allowance {
            limit,
            window,
            remaining,
            reset_after,
        } = allowance;
        let comma = if policies.is_empty() { "" } else { ", " };
        let window = window.as_secs();
        let _ = write!(policies, "{comma}\"{policy}\";q={limit};w={window}");
        let reset_after = reset_after.as_millis().div_ceil(1_000);
        let _ = write!(limits, "{comma}\"{policy}\";r={remaining};t={reset_after}");
    }
    let value = |text: String| HeaderValue::try_from(text).expect("names and numbers are text");
    headers.insert(RATE_LIMIT_POLICY, value(policies));
    headers.insert(RATE_LIMIT, value(limits));
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;

    #[test]
    fn limits_are_told_as_structured_fields() {
        let allowance = Allowance {
            limit: 30,
            window: Duration::from_mins(1),
            remaining: 29,
            reset_after: Duration::from_millis(1_001),
        };
        let address = Requester::Address(Ipv4Addr::LOCALHOST.into());
        let user = Requester::User(uuid::Uuid::nil().into());
        let told = [
            Told::new(RequestClass::Chat, user, allowance),
            Told::new(RequestClass::Read, address, allowance),
        ];
        let mut headers = HeaderMap::new();
        write(&told, &mut headers);
        assert_eq!(
            headers.get(RATE_LIMIT_POLICY).unwrap(),
            r#""chat";q=30;w=60, "read-address";q=30;w=60"#
        );
        assert_eq!(
            headers.get(RATE_LIMIT).unwrap(),
            r#""chat";r=29;t=2, "read-address";r=29;t=2"#
        );
    }

    #[test]
    fn where_there_is_no_limit_nothing_is_told() {
        let mut headers = HeaderMap::new();
        write(&[], &mut headers);
        assert!(headers.is_empty());
    }
}
