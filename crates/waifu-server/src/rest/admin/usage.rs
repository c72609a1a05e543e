//! `GET /admin/usage`

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use waifu_app::ports::store::{Day, DayUsage};
use waifu_app::use_cases::MOST_DAYS;

use crate::app::App;
use crate::problem::{FieldError, Problem, ProblemDocument};
use crate::rest::query::Query;
use crate::rest::views::parse_date;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct UsageQuery {
    /// The first day, `YYYY-MM-DD` in UTC; 29 days before `to` unless told.
    from: Option<String>,
    /// The last day, at most 91 days later; today unless told.
    to: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct UsageView {
    /// Oldest first; a day without any is left out.
    items: Vec<DayUsageView>,
    #[schema(value_type = Option<String>)]
    next_cursor: Option<()>,
}

/// What all users together have used on one day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayUsageView {
    #[schema(format = Date)]
    pub day: String,
    /// Who was answered at least once.
    pub users: u64,
    /// Answers that were begun.
    pub runs: u64,
    /// Those in which nothing was said.
    pub failed_runs: u64,
    /// As far as the provider told it.
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

impl From<DayUsage> for DayUsageView {
    fn from(day: DayUsage) -> Self {
        Self {
            users: day.users,
            runs: day.runs,
            failed_runs: day.failed_runs,
            prompt_tokens: day.prompt_tokens,
            completion_tokens: day.completion_tokens,
            day: day.day.date().to_string(),
        }
    }
}

/// What was used, day by day
///
/// Erased users are counted no more.
#[utoipa::path(
    operation_id = "read_usage",
    tag = "operators",
    security(("access_token" = [])),
    params(UsageQuery),
    responses(
        (status = 200, description = "the days", body = UsageView),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/usage")]
pub async fn read(app: web::Data<App>, query: Query<UsageQuery>) -> Result<HttpResponse, Problem> {
    let UsageQuery { from, to } = query.0;
    let (from, to) = (day(from, "from")?, day(to, "to")?);
    let days = app.read_usage.execute(from, to).await?;
    Ok(HttpResponse::Ok().json(UsageView {
        items: days.into_iter().map(Into::into).collect(),
        next_cursor: None,
    }))
}

pub fn day(text: Option<String>, parameter: &str) -> Result<Option<Day>, Problem> {
    let parse = |text: String| {
        let date = parse_date(&text);
        let date = date.ok_or_else(|| {
            let why = "must be a day such as 2026-03-01";
            Problem::invalid(vec![FieldError::parameter(parameter, why)])
        })?;
        Ok(Day::on(date))
    };
    text.map(parse).transpose()
}

const _: () = assert!(MOST_DAYS == 92, "the document above says 91 days later");
