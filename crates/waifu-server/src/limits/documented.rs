//! What the document that describes the REST door says of limits.

use serde_json::json;
use utoipa::openapi::RefOr;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::Operation;

/// The headers of a refusal, which the operation is known to have.
pub fn describe(operation: &mut Operation) {
    let refused = operation.responses.responses.get_mut("429");
    let Some(RefOr::T(refused)) = refused else {
        return;
    };
    for (name, what, example) in [
        (
            "RateLimit-Policy",
            "the limit: so many requests (`q`) in each window of so many seconds (`w`)",
            r#""chat";q=60;w=30"#,
        ),
        (
            "RateLimit",
            "what is left of it (`r`), and in how many seconds all of it is there again (`t`); other answers have both too",
            r#""chat";r=0;t=30"#,
        ),
        (
            "Retry-After",
            "in how many seconds a request may be let in again",
            "1",
        ),
    ] {
        let header = header(what, example);
        refused.headers.insert(name.to_owned(), RefOr::T(header));
    }
}

fn header(what: &str, example: &str) -> Header {
    HeaderBuilder::new()
        .description(Some(what))
        .example(Some(json!(example)))
        .build()
}
