//! Which pages of other origins a browser lets talk to this server.

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::middleware::Condition;

use crate::settings::ServerSettings;

/// A browser asks again after so long, in seconds.
const ASKED_EVERY: usize = 3_600;
const ANY: &str = "*";

/// Without any listed there is nothing to say.
pub fn cors(settings: &ServerSettings) -> Condition<Cors> {
    // Without credentials of the browser's own: tokens are sent by hand.
    let cors = Cors::default()
        .allowed_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allowed_headers([
            "Authorization",
            "Content-Type",
            "Accept",
            "If-Match",
            "Idempotency-Key",
            "Last-Event-ID",
            "X-Request-Id",
        ])
        .expose_headers([
            "ETag",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "X-Request-Id",
        ])
        .max_age(ASKED_EVERY);
    let origins = &settings.allowed_origins;
    let cors = origins
        .iter()
        .fold(cors, |cors, origin| match origin.as_str() {
            ANY => cors.allow_any_origin(),
            origin => cors.allowed_origin(origin),
        });
    Condition::new(!origins.is_empty(), cors)
}
