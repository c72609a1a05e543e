//! The companions, and talking to one.

pub mod chat;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod update;

use actix_web::{HttpResponse, HttpResponseBuilder};
use waifu_domain::waifu::Waifu;

use super::preconditions::tag;
use super::views::WaifuView;

/// Her, with her version as `ETag`.
pub fn shown(mut response: HttpResponseBuilder, waifu: Waifu) -> HttpResponse {
    tag(&mut response, waifu.version);
    response.json(WaifuView::from(waifu))
}
