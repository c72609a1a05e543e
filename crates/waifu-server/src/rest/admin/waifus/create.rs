//! `POST /admin/waifus`

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use waifu_app::use_cases::WaifuDraft;
use waifu_domain::slug::Slug;
use waifu_domain::user::DisplayName;
use waifu_domain::waifu::{Appearance, Personality, Stats, Visibility, WaifuProfile};

use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::body::Body;
use crate::rest::idempotency::IdempotencyHeader;
use crate::rest::views::WaifuView;
use crate::rest::waifus::shown;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HouseWaifuBody {
    /// By which seeds know her: 1 to 64 of `a-z`, `0-9`, `_` and `-`. Nobody else of the house has it.
    #[schema(value_type = String, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    pub key: Slug,
    /// 1 to 80 characters on one line.
    #[schema(value_type = String, min_length = 1, max_length = 80)]
    name: DisplayName,
    /// At most 64 KiB of JSON; keys that are not known are kept.
    #[serde(default)]
    #[schema(value_type = Object)]
    personality: Personality,
    /// At most 64 KiB of JSON; keys that are not known are kept.
    #[serde(default)]
    #[schema(value_type = Object)]
    appearance: Appearance,
    /// Each 0 to 100, and 50 unless told.
    #[serde(default)]
    #[schema(value_type = Object)]
    stats: Stats,
    /// `public` (unless told) or `private`: then only those who know her can see her.
    #[serde(default = "public")]
    #[schema(value_type = String, pattern = "^(private|public)$")]
    visibility: Visibility,
}

fn public() -> Visibility {
    Visibility::Public
}

impl From<HouseWaifuBody> for (Slug, WaifuDraft) {
    fn from(body: HouseWaifuBody) -> Self {
        let HouseWaifuBody {
            key,
            name,
            personality,
            appearance,
            stats,
            visibility,
        } = body;
        let profile = WaifuProfile {
            name,
            personality,
            appearance,
            stats,
        };
        let draft = WaifuDraft {
            profile,
            visibility,
        };
        (key, draft)
    }
}

/// Make a companion of the house's
///
/// No seed touches her.
#[utoipa::path(
    operation_id = "create_house_waifu",
    tag = "operators",
    security(("access_token" = [])),
    request_body = HouseWaifuBody,
    params(IdempotencyHeader),
    responses(
        (status = 201, description = "her", body = WaifuView),
        (status = 409, description = "`name_taken`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`, `idempotency_mismatch`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/waifus")]
pub async fn create(
    app: web::Data<App>,
    operator: MayWrite,
    key: IdempotencyHeader,
    body: Body<HouseWaifuBody>,
) -> Result<HttpResponse, Problem> {
    let (slug, draft) = body.0.into();
    let operator = operator.0.user_id;
    let create = &app.create_waifu;
    let waifu = create.for_house(operator, slug, draft, key.0).await?;
    let mut response = HttpResponse::Created();
    response.insert_header((LOCATION, format!("/waifus/{}", waifu.id)));
    Ok(shown(response, waifu))
}
