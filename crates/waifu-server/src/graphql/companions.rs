//! Companions of one's own.

use juniper::{DefaultScalarValue, GraphQLInputObject, GraphQLObject, ID};
use serde_json::{Map, Value};
use waifu_app::ports::store::WaifuPlace;
use waifu_domain::ids::WaifuId;
use waifu_domain::waifu::{Owner, Waifu};

use super::Context;
use super::acting::idempotency_key;
use super::mutation::{UserError, invalid};
use super::objects::{VisibilityEnum, WaifuObject};
use super::query::waifu_id;
use super::scalars::Json;
use crate::problem::Problem;
use crate::rest::body::parse_value;
use crate::rest::waifus::create::WaifuBody;
use crate::rest::waifus::update::change;

#[derive(Debug, GraphQLInputObject)]
pub struct CreateWaifuInput {
    /// 1 to 80 characters on one line.
    name: String,
    /// As REST's: at most 64 KiB; keys that are not known are kept.
    personality: Option<Json>,
    /// As REST's: at most 64 KiB; keys that are not known are kept.
    appearance: Option<Json>,
    /// Each 0 to 100, and 50 unless told.
    stats: Option<Json>,
    /// `PRIVATE` unless told.
    visibility: Option<VisibilityEnum>,
    /// Makes a retry safe, for 24 hours: 1 to 255 visible ASCII characters.
    idempotency_key: Option<String>,
}

/// What is left out stays. A document is a merge patch (RFC 7396) of the one that is there: null removes.
#[derive(Debug, GraphQLInputObject)]
pub struct UpdateWaifuInput {
    id: ID,
    /// The version that you saw.
    expected_version: i32,
    name: Option<String>,
    personality: Option<Json>,
    appearance: Option<Json>,
    stats: Option<Json>,
    visibility: Option<VisibilityEnum>,
}

#[derive(Debug, GraphQLInputObject)]
pub struct DeleteWaifuInput {
    id: ID,
}

/// She as she is now, or what was wrong.
#[derive(Debug, Default, GraphQLObject)]
#[graphql(context = Context, scalar = DefaultScalarValue)]
pub struct WaifuPayload {
    waifu: Option<WaifuObject>,
    errors: Vec<UserError>,
}

pub async fn create(context: &Context, input: CreateWaifuInput) -> Result<Waifu, Problem> {
    let writer = context.writer().await?;
    let key = idempotency_key(input.idempotency_key.as_deref())?;
    let fields = fields(
        Some(input.name),
        [
            ("personality", input.personality),
            ("appearance", input.appearance),
            ("stats", input.stats),
        ],
        input.visibility,
    );
    let body: WaifuBody = parse_value(Value::Object(fields))?;
    let create = &context.app.create_waifu;
    Ok(create.execute(writer, body.into(), key).await?)
}

pub async fn update(context: &Context, input: UpdateWaifuInput) -> Result<Waifu, Problem> {
    let owner = Owner::User(context.writer().await?.user_id);
    let (id, version, patch) = patch_of(input)?;
    change(&context.app, owner, id, version, patch).await
}

/// Of whom, against which version, and what.
pub fn patch_of(input: UpdateWaifuInput) -> Result<(WaifuId, u32, Map<String, Value>), Problem> {
    let id = waifu_id(&input.id, "id")?;
    let not_a_version = |_| invalid("expectedVersion", "must be 1 or more".to_owned());
    let version = u32::try_from(input.expected_version).map_err(not_a_version)?;
    let patch = fields(
        input.name,
        [
            ("personality", input.personality),
            ("appearance", input.appearance),
            ("stats", input.stats),
        ],
        input.visibility,
    );
    Ok((id, version, patch))
}

pub async fn delete(context: &Context, input: DeleteWaifuInput) -> Result<(), Problem> {
    let owner = Owner::User(context.writer().await?.user_id);
    let id = waifu_id(&input.id, "id")?;
    Ok(context.app.delete_waifu.execute(owner, id).await?)
}

pub fn place(waifu: &Waifu) -> WaifuPlace {
    WaifuPlace {
        created_at: waifu.created_at,
        id: waifu.id,
    }
}

/// As REST's body has them.
pub fn fields(
    name: Option<String>,
    documents: [(&str, Option<Json>); 3],
    visibility: Option<VisibilityEnum>,
) -> Map<String, Value> {
    let name = name.map(|name| ("name", Value::from(name)));
    let documents = documents
        .into_iter()
        .filter_map(|(field, document)| Some((field, document?.0)));
    let visibility = visibility.map(|visibility| ("visibility", visibility.name().into()));
    name.into_iter()
        .chain(documents)
        .chain(visibility)
        .map(|(field, value)| (field.to_owned(), value))
        .collect()
}

impl From<Result<Waifu, Problem>> for WaifuPayload {
    fn from(outcome: Result<Waifu, Problem>) -> Self {
        match outcome {
            Ok(waifu) => Self {
                waifu: Some(waifu.into()),
                errors: Vec::new(),
            },
            Err(problem) => Self {
                waifu: None,
                errors: vec![problem.into()],
            },
        }
    }
}
