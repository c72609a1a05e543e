//! `GET /me/export`

mod document;
mod views;

use std::future::ready;
use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;
use actix_web::{Error, HttpResponse, get, web};
use futures_util::{StreamExt, stream};
use waifu_app::catalogues::StoredCatalogue;
use waifu_app::use_cases::Export;

use self::document::Document;
use self::views::ExportView;
use crate::app::App;
use crate::auth::bearer::SignedInHere;
use crate::problem::{Code, Problem, ProblemDocument};

/// Everything that is held about you
///
/// One JSON document, which is read from the store a page at a time while it is sent. Should the store fail meanwhile, the
/// connection breaks: what was cut off is no JSON.
#[utoipa::path(
    operation_id = "export_data",
    tag = "me",
    security(("access_token" = [])),
    responses(
        (status = 200, description = "all of it", body = ExportView),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/export")]
pub async fn export(app: web::Data<App>, caller: SignedInHere) -> Result<HttpResponse, Problem> {
    let mut sending = Sending {
        export: app.export_data.begin(caller.0),
        document: Document::begin(app.clock.now()),
        catalogue: app.catalogues.current().await,
    };
    let missing = || Problem::new(Code::Unauthenticated, "the account no longer exists");
    let first = sending.next().await?.ok_or_else(missing)?;
    let rest = stream::try_unfold(Some(sending), go_on);
    let all = stream::once(ready(Ok::<Bytes, Error>(first))).chain(rest);
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"export.json\""))
        .streaming(all))
}

struct Sending {
    export: Export,
    document: Document,
    catalogue: Arc<StoredCatalogue>,
}

impl Sending {
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let part = self.export.next().await?;
        let text = part.map(|part| self.document.write(part, self.catalogue.events()));
        Ok(text.map(Bytes::from))
    }
}

/// `None` once the end of the document has been told.
async fn go_on(sending: Option<Sending>) -> Result<Option<(Bytes, Option<Sending>)>, Error> {
    let Some(mut sending) = sending else {
        return Ok(None);
    };
    Ok(Some(match sending.next().await? {
        Some(text) => (text, Some(sending)),
        None => (sending.document.end().into(), None),
    }))
}
