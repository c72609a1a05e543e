//! `Idempotency-Key`: asking again under the same key changes nothing.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};
use waifu_app::use_cases::IdempotencyKey;

use crate::problem::{FieldError, Problem};

const NAME: &str = "Idempotency-Key";

#[derive(Debug)]
pub struct IdempotencyHeader(pub Option<IdempotencyKey>);

impl FromRequest for IdempotencyHeader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request).map(Self))
    }
}

fn parse(request: &HttpRequest) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(header) = request.headers().get(NAME) else {
        return Ok(None);
    };
    let key = IdempotencyKey::try_from(header.to_str().unwrap_or_default());
    key.map(Some)
        .map_err(|error| Problem::invalid(vec![FieldError::parameter(NAME, error.to_string())]))
}

impl IntoParams for IdempotencyHeader {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(255))
            .pattern(Some("^[!-~]+$"));
        let header = ParameterBuilder::new()
            .name(NAME)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .schema(Some(text))
            .description(Some(
                "makes a retry safe: the same key with the same request is answered with the first's rows and words, \
                 for 24 hours",
            ));
        vec![header.build()]
    }
}
