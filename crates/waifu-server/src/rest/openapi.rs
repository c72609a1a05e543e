//! `GET /openapi.json`: the document that describes the REST door, made from the handlers themselves.

use actix_web::{HttpResponse, web};
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr};
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
        operations.into_iter().flatten().for_each(complete);
    }
    document
}

/// What can go wrong with anything of its kind, so that no operation has to say it.
fn complete(operation: &mut Operation) {
    // Wherever a credential is looked at, its account may be suspended, and it may be a key that reaches less.
    if operation.security.is_some() {
        tell(operation, Code::Unauthenticated);
        tell(operation, Code::Suspended);
        tell(operation, Code::Forbidden);
        tell(operation, Code::StoreUnavailable);
    }
    if operation.request_body.is_some() {
        tell(operation, Code::MalformedJson);
        tell(operation, Code::TooLarge);
        tell(operation, Code::UnsupportedMedia);
        tell(operation, Code::Validation);
    }
    if operation.parameters.is_some() {
        tell(operation, Code::Validation);
    }
    if !operation.tags.iter().flatten().any(|tag| tag == "health") {
        tell(operation, Code::StoreUnavailable);
        tell(operation, Code::Internal);
    }
}

/// That the operation may be answered by this problem.
fn tell(operation: &mut Operation, code: Code) {
    let responses = &mut operation.responses.responses;
    let response = responses.entry(code.status().as_str().to_owned());
    let RefOr::T(response) = response.or_insert_with(|| RefOr::T(problem())) else {
        return;
    };
    let code = format!("`{code}`");
    if !response.description.contains(&code) {
        let told = &mut response.description;
        let comma = if told.is_empty() { "" } else { ", " };
        told.push_str(comma);
        told.push_str(&code);
    }
}

fn problem() -> Response {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .content("application/problem+json", content)
        .build()
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_operation_has_a_name_of_its_own() {
        let document = serde_json::to_value(document()).unwrap();
        let paths = document["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|item| item.as_object().unwrap().values());
        let mut names = HashSet::new();
        for operation in operations {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is there twice");
        }
    }
}
