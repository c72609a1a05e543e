//! The companions, and talking to one.

pub mod chat;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod update;

use actix_web::http::header::{ETAG, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder};
use waifu_domain::waifu::Waifu;

use super::views::WaifuView;

/// Her, with her version as `ETag`.
fn shown(mut response: HttpResponseBuilder, waifu: Waifu) -> HttpResponse {
    response.insert_header((ETAG, etag(waifu.version)));
    response.json(WaifuView::from(waifu))
}

fn etag(version: u32) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).expect("digits in quotes")
}
