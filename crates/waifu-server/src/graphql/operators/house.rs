//! The house's companions.

use juniper::{GraphQLInputObject, ID};
use serde_json::Value;
use waifu_app::caller::Scope;
use waifu_app::ports::store::WaifuPlace;
use waifu_domain::waifu::{Owner, Waifu};

use super::operator;
use crate::graphql::Context;
use crate::graphql::acting::idempotency_key;
use crate::graphql::companions::{UpdateWaifuInput, fields, patch_of, place};
use crate::graphql::connection::{Connection, paging};
use crate::graphql::objects::{VisibilityEnum, WaifuObject};
use crate::graphql::query::waifu_id;
use crate::graphql::scalars::Json;
use crate::problem::Problem;
use crate::rest::admin::waifus::create::HouseWaifuBody;
use crate::rest::body::parse_value;
use crate::rest::waifus::update::change;

#[derive(Debug, GraphQLInputObject)]
pub struct CreateHouseWaifuInput {
    /// By which seeds know her: 1 to 64 of `a-z`, `0-9`, `_` and `-`.
    key: String,
    /// 1 to 80 characters on one line.
    name: String,
    /// As REST's: at most 64 KiB; keys that are not known are kept.
    personality: Option<Json>,
    /// As REST's: at most 64 KiB; keys that are not known are kept.
    appearance: Option<Json>,
    /// Each 0 to 100, and 50 unless told.
    stats: Option<Json>,
    /// `PUBLIC` unless told.
    visibility: Option<VisibilityEnum>,
    /// Makes a retry safe, for 24 hours: 1 to 255 visible ASCII characters.
    idempotency_key: Option<String>,
}

#[derive(Debug, GraphQLInputObject)]
pub struct DeleteHouseWaifuInput {
    id: ID,
}

pub async fn page(
    context: &Context,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<Connection<WaifuObject>, Problem> {
    let (limit, start) = paging::<WaifuPlace>(first, after)?;
    operator(context, Scope::Read).await?;
    let page = context.app.list_waifus.of_house(start, limit).await?;
    Ok(Connection::new(page, place, WaifuObject::from))
}

pub async fn create(context: &Context, input: CreateHouseWaifuInput) -> Result<Waifu, Problem> {
    let operator = operator(context, Scope::Write).await?.user_id;
    let key = idempotency_key(input.idempotency_key.as_deref())?;
    let mut fields = fields(
        Some(input.name),
        [
            ("personality", input.personality),
            ("appearance", input.appearance),
            ("stats", input.stats),
        ],
        input.visibility,
    );
    fields.insert("key".to_owned(), input.key.into());
    let body: HouseWaifuBody = parse_value(Value::Object(fields))?;
    let (slug, draft) = body.into();
    let create = &context.app.create_waifu;
    Ok(create.for_house(operator, slug, draft, key).await?)
}

pub async fn update(context: &Context, input: UpdateWaifuInput) -> Result<Waifu, Problem> {
    operator(context, Scope::Write).await?;
    let (id, version, patch) = patch_of(input)?;
    change(&context.app, Owner::House, id, version, patch).await
}

pub async fn delete(context: &Context, input: DeleteHouseWaifuInput) -> Result<(), Problem> {
    operator(context, Scope::Write).await?;
    let id = waifu_id(&input.id, "id")?;
    let delete = &context.app.delete_waifu;
    Ok(delete.execute(Owner::House, id).await?)
}
