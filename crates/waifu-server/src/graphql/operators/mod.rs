//! What operators alone may do.

pub mod catalogue;
pub mod house;
pub mod usage;
pub mod users;

use juniper::{GraphQLInputObject, ID};
use waifu_app::caller::{Caller, Scope};
use waifu_app::ports::rate_limits::RequestClass;
use waifu_app::use_cases::ActDone;
use waifu_domain::bounded::Text;
use waifu_domain::relationship::Pair;

use super::Context;
use super::acting::idempotency_key;
use super::mutation::{invalid, uuid};
use super::query::waifu_id;
use crate::problem::{Code, Problem};

#[derive(Debug, GraphQLInputObject)]
pub struct AdjustAffectionInput {
    user_id: ID,
    waifu_id: ID,
    /// -1000 to 1000, and not 0. It obeys the bounds of affection, and no cap.
    points: i32,
    /// Shown to the user; 1 to 500 characters.
    reason: String,
    /// Makes a retry safe, for 24 hours: 1 to 255 visible ASCII characters.
    idempotency_key: Option<String>,
}

async fn operator(context: &Context, scope: Scope) -> Result<Caller, Problem> {
    let caller = context.caller(scope, RequestClass::Admin).await?;
    if context.app.roles.is_operator(caller.user_id).await? {
        Ok(caller)
    } else {
        Err(Problem::new(Code::Forbidden, "this is for operators"))
    }
}

pub async fn adjust_affection(
    context: &Context,
    input: AdjustAffectionInput,
) -> Result<ActDone, Problem> {
    let operator = operator(context, Scope::Write).await?.user_id;
    let pair = Pair {
        user_id: uuid(&input.user_id, "userId")?.into(),
        waifu_id: waifu_id(&input.waifu_id, "waifuId")?,
    };
    let reason = Text::<500>::try_from(input.reason)
        .map_err(|error| invalid("reason", error.to_string()))?;
    let key = idempotency_key(input.idempotency_key.as_deref())?;
    let acts = &context.app.acts;
    Ok(acts
        .adjust(operator, pair, input.points, reason.into(), key)
        .await?)
}
