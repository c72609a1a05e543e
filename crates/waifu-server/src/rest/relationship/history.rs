//! `GET /waifus/{id}/relationship/history`

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use waifu_app::use_cases::{MOST_PARTS, PartWidth, Plot, PlotPart};
use waifu_domain::timestamp::Timestamp;

use crate::app::App;
use crate::auth::bearer::MayRead;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::{Query, WaifuPath};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PlotQuery {
    /// How long one part is; parts begin at full hours, days and Mondays, in UTC.
    #[serde(default)]
    #[param(inline)]
    bucket: BucketWidth,
    /// The part that holds it is the first; 30 parts before `until` unless told, and 400 at most.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// The part that ends with or after it is the last; now unless told.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BucketWidth {
    Hour,
    #[default]
    Day,
    Week,
}

/// Affection over time, for a plot.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlotView {
    bucket: BucketWidth,
    /// All of them, oldest first, also those in which nothing happened.
    items: Vec<PartView>,
    /// Always null: a plot is one page.
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PartView {
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    interactions: u32,
    /// Points that were added, 0 or more.
    gained: i32,
    /// Points that were taken, 0 or more.
    lost: i32,
    /// At its end, 0 to 1000.
    affection: i32,
    /// At its end, 0 to 10.
    level: u8,
}

impl From<PlotPart> for PartView {
    fn from(part: PlotPart) -> Self {
        Self {
            from: part.from,
            until: part.until,
            interactions: part.interactions,
            gained: part.gained,
            lost: part.lost,
            affection: part.affection.get(),
            level: part.level.get(),
        }
    }
}

impl From<BucketWidth> for PartWidth {
    fn from(width: BucketWidth) -> Self {
        match width {
            BucketWidth::Hour => Self::Hour,
            BucketWidth::Day => Self::Day,
            BucketWidth::Week => Self::Week,
        }
    }
}

/// Affection over time, in buckets for a plot
#[utoipa::path(
    operation_id = "read_affection",
    tag = "relationship",
    security(("access_token" = [])),
    params(("id" = Uuid, Path), PlotQuery),
    responses(
        (status = 200, description = "the buckets, oldest first", body = PlotView),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/{id}/relationship/history")]
pub async fn history(
    app: web::Data<App>,
    caller: MayRead,
    id: WaifuPath,
    query: Query<PlotQuery>,
) -> Result<HttpResponse, Problem> {
    let PlotQuery {
        bucket,
        from,
        until,
    } = query.0;
    let plot = Plot {
        width: bucket.into(),
        from,
        until,
    };
    let parts = app.read_affection.execute(caller.0, id.0, plot).await?;
    Ok(HttpResponse::Ok().json(PlotView {
        bucket,
        items: parts.into_iter().map(Into::into).collect(),
        next_cursor: None,
    }))
}

const _: () = assert!(MOST_PARTS == 400, "the document above says 400");
