//! What all users have used.

use juniper::GraphQLObject;
use waifu_app::caller::Scope;
use waifu_app::ports::store::DayUsage;

use super::operator;
use crate::graphql::Context;
use crate::problem::Problem;
use crate::rest::admin::usage::day;

/// What all users together have used on one day. Counts are doubles: a day has more tokens than `Int` has numbers.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "DayUsage", context = Context)]
pub struct DayUsageObject {
    /// `YYYY-MM-DD`, in UTC.
    day: String,
    /// Who was answered at least once.
    users: f64,
    /// Answers that were begun.
    runs: f64,
    /// Those in which nothing was said.
    failed_runs: f64,
    /// As far as the provider told it.
    prompt_tokens: f64,
    completion_tokens: f64,
}

pub async fn usage(
    context: &Context,
    from: Option<String>,
    to: Option<String>,
) -> Result<Vec<DayUsageObject>, Problem> {
    let (from, to) = (day(from, "from")?, day(to, "to")?);
    operator(context, Scope::Read).await?;
    let days = context.app.read_usage.execute(from, to).await?;
    Ok(days.into_iter().map(Into::into).collect())
}

impl From<DayUsage> for DayUsageObject {
    #[expect(
        clippy::cast_precision_loss,
        reason = "whole numbers up to 2^53 are exact"
    )]
    fn from(usage: DayUsage) -> Self {
        Self {
            day: usage.day.date().to_string(),
            users: usage.users as f64,
            runs: usage.runs as f64,
            failed_runs: usage.failed_runs as f64,
            prompt_tokens: usage.prompt_tokens as f64,
            completion_tokens: usage.completion_tokens as f64,
        }
    }
}
