//! Gifts, dates, choices and rewinds.

use juniper::{GraphQLInputObject, ID};
use waifu_app::use_cases::{ActDone, IdempotencyKey};
use waifu_domain::slug::{NotASlug, Slug};

use super::Context;
use super::acts::ActPayload;
use super::mutation::{invalid, uuid};
use super::query::waifu_id;
use crate::problem::Problem;

#[derive(Debug, GraphQLInputObject)]
pub struct GiveGiftInput {
    waifu_id: ID,
    gift_id: ID,
    /// Makes a retry safe, for 24 hours: 1 to 255 visible ASCII characters.
    idempotency_key: Option<String>,
}

#[derive(Debug, GraphQLInputObject)]
pub struct GoOnDateInput {
    waifu_id: ID,
    date_id: ID,
    /// Makes a retry safe, for 24 hours: 1 to 255 visible ASCII characters.
    idempotency_key: Option<String>,
}

#[derive(Debug, GraphQLInputObject)]
pub struct TakeChoiceInput {
    waifu_id: ID,
    occurrence_id: ID,
    /// The key of one of the event's choices.
    choice: String,
    /// Makes a retry safe, for 24 hours: 1 to 255 visible ASCII characters.
    idempotency_key: Option<String>,
}

#[derive(Debug, GraphQLInputObject)]
pub struct RewindInput {
    waifu_id: ID,
    turn_id: ID,
    /// Makes a retry safe, for 24 hours: 1 to 255 visible ASCII characters.
    idempotency_key: Option<String>,
}

pub async fn shown(context: &Context, done: Result<ActDone, Problem>) -> ActPayload {
    match done {
        Ok(done) => {
            let catalogue = context.app.catalogues.current().await;
            ActPayload::new(done, catalogue.events())
        }
        Err(problem) => problem.into(),
    }
}

pub async fn give_gift(context: &Context, input: GiveGiftInput) -> Result<ActDone, Problem> {
    let waifu = waifu_id(&input.waifu_id, "waifuId")?;
    let gift = uuid(&input.gift_id, "giftId")?.into();
    let key = idempotency_key(input.idempotency_key.as_deref())?;
    let acts = &context.app.acts;
    Ok(acts
        .give_gift(context.talker().await?, waifu, gift, key)
        .await?)
}

pub async fn go_on_date(context: &Context, input: GoOnDateInput) -> Result<ActDone, Problem> {
    let waifu = waifu_id(&input.waifu_id, "waifuId")?;
    let date = uuid(&input.date_id, "dateId")?.into();
    let key = idempotency_key(input.idempotency_key.as_deref())?;
    let acts = &context.app.acts;
    Ok(acts
        .go_on_date(context.talker().await?, waifu, date, key)
        .await?)
}

pub async fn take_choice(context: &Context, input: TakeChoiceInput) -> Result<ActDone, Problem> {
    let waifu = waifu_id(&input.waifu_id, "waifuId")?;
    let occurrence = uuid(&input.occurrence_id, "occurrenceId")?.into();
    let choice: Slug = input
        .choice
        .parse()
        .map_err(|error: NotASlug| invalid("choice", error.to_string()))?;
    let key = idempotency_key(input.idempotency_key.as_deref())?;
    let acts = &context.app.acts;
    Ok(acts
        .take_choice(context.talker().await?, waifu, occurrence, choice, key)
        .await?)
}

pub async fn rewind(context: &Context, input: RewindInput) -> Result<ActDone, Problem> {
    let waifu = waifu_id(&input.waifu_id, "waifuId")?;
    let turn = uuid(&input.turn_id, "turnId")?.into();
    let key = idempotency_key(input.idempotency_key.as_deref())?;
    let acts = &context.app.acts;
    Ok(acts
        .rewind(context.stirrer().await?, waifu, turn, key)
        .await?)
}

pub fn idempotency_key(key: Option<&str>) -> Result<Option<IdempotencyKey>, Problem> {
    let key = key.map(IdempotencyKey::try_from).transpose();
    key.map_err(|error| invalid("idempotencyKey", error.to_string()))
}
