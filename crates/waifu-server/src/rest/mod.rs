//! REST: a thin translation onto the use cases. One file an endpoint, or one for those that do and undo the same: its
//! body, its documentation, its handler.

pub mod acts;
pub mod admin;
pub mod auth;
pub mod body;
pub mod cors;
pub mod cursor;
pub mod dates;
pub mod events;
pub mod gifts;
pub mod health;
pub mod idempotency;
pub mod me;
pub mod openapi;
pub mod preconditions;
pub mod query;
pub mod relationship;
pub mod request_id;
pub mod sse;
pub mod turns;
pub mod views;
pub mod waifus;

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use openapi::Document;
use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::bearer::authenticate;
use crate::limits::http::{limit, limit_address};
use crate::problem::{Code, Problem};

/// All endpoints. Whatever needs a login sits in a scope that wraps [`authenticate`], and inside of it [`limit`]: what was
/// wrapped last comes first.
pub fn endpoints(config: &mut ServiceConfig<'_>) {
    config
        .service(health::live)
        .service(health::ready)
        .service(
            scope::scope("/auth")
                .wrap(from_fn(limit_address))
                .service(auth::register::register)
                .service(auth::login::login)
                .service(auth::refresh::refresh)
                .service(auth::logout::logout)
                .service(auth::logout::logout_all)
                .service(auth::password::change),
        )
        .service(
            scope::scope("/me")
                .wrap(from_fn(limit))
                .wrap(from_fn(authenticate))
                .service(me::get::profile)
                .service(me::update::update)
                .service(me::erase::erase)
                .service(me::export::export)
                .service(me::api_keys::create::create)
                .service(me::api_keys::list::list)
                .service(me::api_keys::revoke::revoke),
        )
        .service(
            scope::scope("/waifus")
                .wrap(from_fn(limit))
                .wrap(from_fn(authenticate))
                .service(waifus::list::list)
                .service(waifus::create::create)
                .service(waifus::chat::chat)
                .service(waifus::get::get)
                .service(waifus::update::update)
                .service(waifus::delete::delete)
                .service(relationship::messages::messages)
                .service(relationship::now::now)
                .service(relationship::interactions::interactions)
                .service(relationship::history::history)
                .service(gifts::list::list)
                .service(gifts::give::give)
                .service(dates::list::list)
                .service(dates::go::go)
                .service(events::list::list)
                .service(events::choose::choose)
                .service(turns::cancel::cancel)
                .service(turns::regenerate::regenerate)
                .service(turns::choose::choose)
                .service(turns::edit::edit)
                .service(turns::rewind::rewind),
        )
        .service(
            scope::scope("/admin")
                .wrap(from_fn(admin::operators_alone))
                .wrap(from_fn(limit))
                .wrap(from_fn(authenticate))
                .service(admin::adjust::adjust)
                .service(admin::users::list::list)
                .service(admin::users::get::get)
                .service(admin::users::erase::erase)
                .service(admin::users::suspend::suspend)
                .service(admin::users::suspend::restore)
                .service(admin::users::minor::mark)
                .service(admin::users::minor::clear)
                .service(admin::users::reset::reset)
                .service(admin::waifus::list::list)
                .service(admin::waifus::create::create)
                .service(admin::waifus::update::update)
                .service(admin::waifus::delete::delete)
                .service(admin::catalogue::gifts::list)
                .service(admin::catalogue::gifts::put)
                .service(admin::catalogue::gifts::retire)
                .service(admin::catalogue::dates::list)
                .service(admin::catalogue::dates::put)
                .service(admin::catalogue::dates::retire)
                .service(admin::catalogue::events::list)
                .service(admin::catalogue::events::put)
                .service(admin::catalogue::events::retire)
                .service(admin::usage::read),
        );
}

/// For paths that nothing answers, or nothing with this method.
pub async fn no_such_path(request: HttpRequest, document: web::Data<Document>) -> HttpResponse {
    let methods = document.methods_of(request.path());
    if methods.is_empty() {
        return Problem::new(Code::NotFound, "there is nothing at this path").error_response();
    }
    let allowed = methods.join(", ");
    let detail = format!("this path knows {allowed}");
    let mut refused = Problem::new(Code::MethodNotAllowed, detail).error_response();
    let allowed = HeaderValue::try_from(allowed).expect("names of methods");
    refused.headers_mut().insert(ALLOW, allowed);
    refused
}
