//! `/docs`: the REST door to look at and try out in a browser, with Swagger UI out of the binary.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::Config;

use crate::problem::{Code, Problem};

/// Everything comes from here and goes here; scripts and styles are files, and icons are in the style sheet.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Of all that Swagger UI ships the page loads these.
const SHIPPED: [&str; 3] = [
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "favicon-32x32.png",
];

/// The routes of the page and of what it loads.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/docs", web::get().to(page))
        .route("/docs/{file}", web::get().to(file));
}

async fn page() -> HttpResponse {
    let html = include_str!("index.html");
    answer("text/html; charset=utf-8", Cow::Borrowed(html.as_bytes()))
}

async fn file(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let missing = || Problem::new(Code::NotFound, "there is nothing at this path");
    if name.as_str() == "start.js" {
        let script = include_str!("start.js");
        return Ok(answer("text/javascript", Cow::Borrowed(script.as_bytes())));
    }
    let name = SHIPPED
        .into_iter()
        .find(|shipped| *shipped == name.as_str());
    let file = utoipa_swagger_ui::serve(name.ok_or_else(missing)?, Arc::new(Config::default()));
    let file = file.ok().flatten().ok_or_else(missing)?;
    Ok(answer(&file.content_type, file.bytes))
}

fn answer(media: &str, body: Cow<'static, [u8]>) -> HttpResponse {
    let body = match body {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CACHE_CONTROL, "max-age=3600"))
        .body(body)
}
