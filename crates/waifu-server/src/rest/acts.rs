//! How what an act did is answered.

use actix_web::HttpResponse;
use waifu_app::use_cases::ActDone;

use super::views::ActView;
use crate::app::App;

pub async fn shown(app: &App, done: ActDone) -> HttpResponse {
    let catalogue = app.catalogues.current().await;
    HttpResponse::Ok().json(ActView::new(done, catalogue.events()))
}
