//! `GET /openapi.json`: the document that describes the REST door, made from the handlers themselves.

use actix_web::{HttpResponse, web};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_actix_web::AppExt;

use crate::problem::Code;

/// The base that the endpoints are added to.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "waifu-server",
        description = "The server behind AI companions. JSON in snake_case; times are RFC 3339 in UTC with microseconds; \
            ids are UUIDs. Errors are RFC 9457 problem documents with a stable `code`.",
        license(name = "MIT OR Apache-2.0")
    ),
    modifiers(&AccessTokenScheme)
)]
pub struct Base;

struct AccessTokenScheme;

impl Modify for AccessTokenScheme {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An access token (JWT) of `/auth/login` or, but for `/me` and `/auth`, an API key (`wk_…`).",
            ))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("access_token", SecurityScheme::Http(scheme));
    }
}

/// The whole document.
pub fn document() -> utoipa::openapi::OpenApi {
    let (_, mut document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .configure(super::endpoints)
        .split_for_parts();
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.patch,
            &mut item.delete,
        ];
        operations
            .into_iter()
            .flatten()
            .filter(|operation| operation.security.is_some())
            .for_each(add_what_any_login_may_be_told);
    }
    document
}

/// Wherever a credential is looked at, its account may be suspended, it may be a key that reaches less, and the store
/// away.
fn add_what_any_login_may_be_told(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    let Some(RefOr::T(mut like)) = responses.get("401").cloned() else {
        return;
    };
    like.description.clear();
    for (status, code) in [
        ("403", Code::Suspended),
        ("403", Code::Forbidden),
        ("503", Code::StoreUnavailable),
    ] {
        let response = responses.entry(status.to_owned());
        let response = response.or_insert_with(|| RefOr::T(like.clone()));
        let RefOr::T(response) = response else {
            continue;
        };
        let code = format!("`{code}`");
        if !response.description.contains(&code) {
            let comma = if response.description.is_empty() {
                ""
            } else {
                ", "
            };
            response.description = format!("{}{comma}{code}", response.description);
        }
    }
}

/// Serves the document as it was made once, at start.
pub async fn serve(document: web::Data<Document>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(document.0.clone())
}

#[derive(Debug)]
pub struct Document(String);

impl Document {
    pub fn new() -> Self {
        Self(
            document()
                .to_pretty_json()
                .expect("the document is plain data"),
        )
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
