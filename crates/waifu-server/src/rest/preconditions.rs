//! `If-Match`: the version that an edit is made against.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{ETAG, HeaderValue, IF_MATCH};
use actix_web::{FromRequest, HttpRequest, HttpResponseBuilder};

use crate::problem::{Code, Problem};

/// What the header says, if it is there; whether it had to be, and makes sense, is told after who asks and for what.
#[derive(Debug)]
pub struct IfMatch(Option<HeaderValue>);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.headers().get(IF_MATCH).cloned())))
    }
}

impl IfMatch {
    pub fn required(&self) -> Result<u32, Problem> {
        self.version()?.ok_or_else(|| {
            Problem::new(
                Code::PreconditionRequired,
                "If-Match must hold the ETag of the version that you saw",
            )
        })
    }

    pub fn version(&self) -> Result<Option<u32>, Problem> {
        let parse = |header: &HeaderValue| {
            let text = header.to_str().ok()?;
            text.trim().trim_matches('"').parse().ok()
        };
        let no_version = || Problem::new(Code::PreconditionFailed, "If-Match is no version of it");
        let version = self.0.as_ref();
        version
            .map(|header| parse(header).ok_or_else(no_version))
            .transpose()
    }
}

pub fn tag(response: &mut HttpResponseBuilder, version: u32) {
    let tag = HeaderValue::from_str(&format!("\"{version}\"")).expect("digits in quotes");
    response.insert_header((ETAG, tag));
}
