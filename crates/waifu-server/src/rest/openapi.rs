//! `GET /openapi.json`: the document that describes the REST door, made from the handlers themselves.

use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema};
use utoipa_actix_web::AppExt;

use crate::limits::classes::class_of;
use crate::limits::documented;
use crate::problem::{Code, ProblemDocument};

/// The base that the endpoints are added to.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "waifu-server",
        description = "The server behind AI companions. JSON in snake_case; times are RFC 3339 in UTC with microseconds; \
            ids are UUIDs. Errors are RFC 9457 problem documents with a stable `code`. Each answer tells \
            what is left of the limit that its request was counted for (`RateLimit-Policy`, `RateLimit`).",
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
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (Method::GET, &mut item.get),
            (Method::PUT, &mut item.put),
            (Method::POST, &mut item.post),
            (Method::PATCH, &mut item.patch),
            (Method::DELETE, &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            add_what_all_may_be_told(operation);
            if class_of(&method, path).is_some() {
                add(operation, Code::RateLimited);
                documented::describe(operation);
            }
        }
    }
    document
}

/// Wherever a credential is looked at, its account may be suspended, it may be a key that reaches less, and the store
/// away. Every body may be none, too much or of another kind.
fn add_what_all_may_be_told(operation: &mut Operation) {
    const TO_WHO_LOGS_IN: [Code; 4] = [
        Code::Unauthenticated,
        Code::Suspended,
        Code::Forbidden,
        Code::StoreUnavailable,
    ];
    const ABOUT_A_BODY: [Code; 4] = [
        Code::MalformedJson,
        Code::TooLarge,
        Code::UnsupportedMedia,
        Code::Validation,
    ];
    if operation.security.is_some() {
        for code in TO_WHO_LOGS_IN {
            add(operation, code);
        }
    }
    if operation.request_body.is_some() {
        for code in ABOUT_A_BODY {
            add(operation, code);
        }
    }
}

/// Adds a problem to what an operation may answer, unless it is there.
fn add(operation: &mut Operation, code: Code) {
    let responses = &mut operation.responses.responses;
    let response = responses.entry(code.status().as_str().to_owned());
    let response = response.or_insert_with(|| {
        let problem = Ref::from_schema_name(ProblemDocument::name());
        let problem = ContentBuilder::new().schema(Some(problem)).build();
        RefOr::T(
            ResponseBuilder::new()
                .content("application/problem+json", problem)
                .build(),
        )
    });
    let RefOr::T(response) = response else {
        return;
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

/// Serves the document as it was made once, at start.
pub async fn serve(document: web::Data<Document>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(document.text.clone())
}

#[derive(Debug)]
pub struct Document {
    text: String,
    paths: Vec<(String, Vec<&'static str>)>,
}

impl Document {
    pub fn new() -> Self {
        let document = document();
        let paths = document.paths.paths.iter();
        let paths = paths.map(|(path, item)| (path.clone(), methods(item)));
        Self {
            paths: paths.collect(),
            text: document
                .to_pretty_json()
                .expect("the document is plain data"),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The methods by which something can be asked for at a path; none where there is nothing.
    pub fn methods_of(&self, path: &str) -> &[&'static str] {
        let found = self.paths.iter().find(|(known, _)| is_of(path, known));
        found.map_or(&[], |(_, methods)| methods)
    }
}

fn methods(item: &PathItem) -> Vec<&'static str> {
    let known = [
        ("GET", &item.get),
        ("PUT", &item.put),
        ("POST", &item.post),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    let known = known
        .into_iter()
        .filter(|(_, operation)| operation.is_some());
    known.map(|(method, _)| method).collect()
}

/// Whether a path is one of those that a template such as `/waifus/{id}` stands for.
fn is_of(path: &str, template: &str) -> bool {
    let (mut path, mut template) = (path.split('/'), template.split('/'));
    loop {
        match (path.next(), template.next()) {
            (None, None) => return true,
            (Some(part), Some(known)) if part == known => {}
            (Some(part), Some(known)) if known.starts_with('{') && !part.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_path_is_known_by_its_template_and_so_are_its_methods() {
        let document = Document::new();
        assert_eq!(document.methods_of("/waifus"), ["GET", "POST"]);
        assert_eq!(document.methods_of("/waifus/chat"), ["POST"]);
        assert_eq!(document.methods_of("/waifus/7/gifts"), ["GET", "POST"]);
        assert_eq!(document.methods_of("/waifus/7"), ["GET", "PATCH", "DELETE"]);
        for path in [
            "/",
            "/waifus/",
            "/waifus/7/nothing",
            "/waifus//gifts",
            "/me/",
        ] {
            assert!(document.methods_of(path).is_empty(), "{path}");
        }
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document = document();
        let items = document.paths.paths.values();
        let operations =
            items.flat_map(|item| [&item.get, &item.put, &item.post, &item.patch, &item.delete]);
        let names: Vec<_> = operations
            .flatten()
            .map(|operation| operation.operation_id.clone())
            .collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    }

    /// One of two schemas of a name would be documented as the other.
    #[test]
    fn every_schema_has_a_name_of_its_own() {
        let mut names = Vec::new();
        let mut folders = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/src").into()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir::<PathBuf>(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    names.extend(schemas_in(&fs::read_to_string(&path).unwrap()));
                }
            }
        }
        assert!(names.len() > 30, "{names:?}");
        let mut known = HashSet::new();
        names.retain(|name| !known.insert(name.clone()));
        assert!(names.is_empty(), "{names:?}");
    }

    /// The types for which a schema is derived.
    fn schemas_in(source: &str) -> Vec<String> {
        let derives = source.match_indices("ToSchema)]\n");
        let after = derives.map(|(start, _)| &source[start..]);
        let name = |rest: &str| {
            let mut words = rest.split_whitespace();
            words.find(|word| ["struct", "enum"].contains(word))?;
            Some(words.next()?.split(['<', '(']).next()?.to_owned())
        };
        after.filter_map(name).collect()
    }
}
