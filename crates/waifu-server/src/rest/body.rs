//! JSON bodies: bounded, typed, and refused with the place of what is wrong.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt, StreamExt};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};
use tokio::time::timeout;

use crate::problem::{Code, Problem};

/// The largest body, in bytes.
pub const LARGEST_BODY: usize = 1024 * 1024;
/// A body takes at most so long to arrive.
const SLOWEST_BODY: Duration = Duration::from_secs(30);
/// Beyond a body that is too large so much is still read and thrown away, so that a client that writes before it
/// reads gets to see why it was refused.
const DISCARDED: usize = 16 * LARGEST_BODY;

/// A body of type `T`.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = check_media(request);
        let announced = request
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let payload = web::Payload::from_request(request, payload);
        async move {
            let payload = payload.await.map_err(|_| cut_off())?;
            let bytes = timeout(SLOWEST_BODY, read(payload, announced))
                .await
                .map_err(|_| cut_off())??;
            media?;
            parse(&bytes).map(Self)
        }
        .boxed_local()
    }
}

fn check_media(request: &HttpRequest) -> Result<(), Problem> {
    let media = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|media| media.to_str().ok())
        .unwrap_or("");
    let essence = media.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json") {
        Ok(())
    } else {
        Err(Problem::new(
            Code::UnsupportedMedia,
            "the Content-Type must be application/json",
        ))
    }
}

async fn read(mut payload: web::Payload, announced: Option<usize>) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::with_capacity(announced.unwrap_or(0).min(LARGEST_BODY));
    let mut seen = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| cut_off())?;
        seen += chunk.len();
        if seen > DISCARDED {
            break;
        }
        if seen <= LARGEST_BODY {
            bytes.extend_from_slice(&chunk);
        }
    }
    if seen > LARGEST_BODY {
        let detail = format!("the body must be at most {LARGEST_BODY} bytes");
        return Err(Problem::new(Code::TooLarge, detail));
    }
    Ok(bytes)
}

fn cut_off() -> Problem {
    Problem::new(
        Code::MalformedJson,
        "the body ended too early, or took too long",
    )
}

/// JSON into `T`, or the problem with the pointer of the field.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(no_object());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value: T =
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| explain(&error))?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// As [`parse`], from JSON that has been read.
pub fn parse_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
    if value.is_array() {
        return Err(no_object());
    }
    serde_path_to_error::deserialize(value).map_err(|error| explain(&error))
}

/// For a list, which serde would take for the fields of an object, in their order.
fn no_object() -> Problem {
    Problem::invalid_field("", "must be an object")
}

fn explain(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    match error.inner().classify() {
        Category::Data => Problem::invalid_field(
            pointer(error.path()),
            without_position(&error.inner().to_string()),
        ),
        Category::Syntax | Category::Eof | Category::Io => malformed(error.inner()),
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(
        Code::MalformedJson,
        format!("the body is not JSON: {error}"),
    )
}

/// An RFC 6901 pointer.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// The pointer says where; a line and a column of the body would say it twice.
fn without_position(message: &str) -> String {
    message
        .rfind(" at line ")
        .map_or(message, |end| &message[..end])
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use waifu_domain::waifu::{Personality, Stats};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        #[expect(dead_code, reason = "only whether it parses matters")]
        stats: Stats,
        #[serde(default)]
        #[expect(dead_code, reason = "only whether it parses matters")]
        personality: Personality,
    }

    fn refused(json: &str) -> (Code, String, String) {
        let problem = parse::<Example>(json.as_bytes()).unwrap_err();
        let pointer = problem
            .errors
            .first()
            .map_or_else(String::new, |error| error.place.to_string());
        let detail = problem
            .errors
            .first()
            .map_or(problem.detail.clone(), |error| error.detail.clone());
        (problem.code, pointer, detail)
    }

    #[test]
    fn a_bad_field_is_named_by_its_pointer() {
        let (code, pointer, detail) = refused(r#"{"stats": {"warmth": 101}}"#);
        assert_eq!(
            (code, pointer.as_str()),
            (Code::Validation, "/stats/warmth")
        );
        assert_eq!(detail, "must be a whole number from 0 to 100");
        let (_, pointer, _) = refused(r#"{"stats": {}, "personality": {"likes": {"a/b": 1}}}"#);
        assert_eq!(pointer, "/personality/likes/a~1b");
        let (code, _, detail) = refused(r#"{"stats": {}, "colour": 1}"#);
        assert_eq!(code, Code::Validation);
        assert!(detail.contains("unknown field `colour`"), "{detail}");
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for json in ["{", "", "{\"stats\": {}} x", "\u{1}"] {
            assert_eq!(refused(json).0, Code::MalformedJson, "{json:?}");
        }
    }
}
