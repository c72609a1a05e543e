//! `POST /waifus`

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use waifu_app::use_cases::WaifuDraft;
use waifu_domain::user::DisplayName;
use waifu_domain::waifu::{Appearance, Personality, Stats, Visibility, WaifuProfile};

use super::shown;
use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::body::Body;
use crate::rest::idempotency::IdempotencyHeader;
use crate::rest::views::WaifuView;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaifuBody {
    /// 1 to 80 characters on one line.
    #[schema(value_type = String, min_length = 1, max_length = 80)]
    pub name: DisplayName,
    /// At most 64 KiB of JSON; keys that are not known are kept.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub personality: Personality,
    /// At most 64 KiB of JSON; keys that are not known are kept.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub appearance: Appearance,
    /// Each 0 to 100, and 50 unless told.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub stats: Stats,
    /// `private` (unless told) or `public`.
    #[serde(default = "private")]
    #[schema(value_type = String, pattern = "^(private|public)$")]
    pub visibility: Visibility,
}

fn private() -> Visibility {
    Visibility::Private
}

impl From<WaifuBody> for WaifuDraft {
    fn from(body: WaifuBody) -> Self {
        let WaifuBody {
            name,
            personality,
            appearance,
            stats,
            visibility,
        } = body;
        Self {
            profile: WaifuProfile {
                name,
                personality,
                appearance,
                stats,
            },
            visibility,
        }
    }
}

/// Make a companion of your own
#[utoipa::path(
    operation_id = "create_waifu",
    tag = "companions",
    security(("access_token" = [])),
    request_body = WaifuBody,
    params(IdempotencyHeader),
    responses(
        (status = 201, description = "her", body = WaifuView),
        (status = 400, description = "`malformed_json`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`, `idempotency_mismatch`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("")]
pub async fn create(
    app: web::Data<App>,
    caller: MayWrite,
    key: IdempotencyHeader,
    body: Body<WaifuBody>,
) -> Result<HttpResponse, Problem> {
    let create = &app.create_waifu;
    let waifu = create.execute(caller.0, body.0.into(), key.0).await?;
    let mut response = HttpResponse::Created();
    response.insert_header((LOCATION, format!("/waifus/{}", waifu.id)));
    Ok(shown(response, waifu))
}
