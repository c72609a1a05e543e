//! What can be asked.

use juniper::{ID, graphql_object};
use waifu_app::ports::store::{MessagePlace, WaifuPlace};
use waifu_domain::ids::WaifuId;
use waifu_domain::turn::Message;
use waifu_domain::waifu::Waifu;

use super::Context;
use super::connection::{Connection, paging};
use super::objects::{MessageObject, RelationshipObject, UserObject, WaifuObject};
use crate::problem::{Code, FieldError, Problem};

#[derive(Debug, Clone, Copy)]
pub struct Query;

/// Fields that may fail are nullable, so that one that does leaves the others standing.
#[graphql_object(context = Context, scalar = juniper::DefaultScalarValue)]
impl Query {
    /// Who you are.
    async fn me(context: &Context) -> Result<Option<UserObject>, Problem> {
        let user = context.app.read_profile.execute(context.caller).await?;
        let gone = || Problem::new(Code::Unauthenticated, "the account no longer exists");
        Ok(Some(user.ok_or_else(gone)?.into()))
    }

    /// Companions that you may meet, oldest first; 50 a page unless told, 100 at most.
    async fn waifus(
        context: &Context,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Connection<WaifuObject>>, Problem> {
        let (limit, start) = paging::<WaifuPlace>(first, after.as_deref())?;
        let page = context
            .app
            .list_waifus
            .execute(context.caller, start, limit)
            .await?;
        let place = |waifu: &Waifu| WaifuPlace {
            created_at: waifu.created_at,
            id: waifu.id,
        };
        Ok(Some(Connection::new(page, place, WaifuObject::from)))
    }

    /// One companion.
    async fn waifu(context: &Context, id: ID) -> Result<Option<WaifuObject>, Problem> {
        let id = waifu_id(&id, "id")?;
        let waifu = context.app.get_waifu.execute(context.caller, id).await?;
        Ok(Some(waifu.into()))
    }

    /// Where the two of you stand. Asking changes nothing.
    async fn relationship(
        context: &Context,
        waifu_id: ID,
    ) -> Result<Option<RelationshipObject>, Problem> {
        let id = self::waifu_id(&waifu_id, "waifuId")?;
        let view = context
            .app
            .read_relationship
            .execute(context.caller, id)
            .await?;
        Ok(Some(RelationshipObject::from(&view)))
    }

    /// What you have said to each other, newest first; 50 a page unless told, 100 at most.
    async fn messages(
        context: &Context,
        waifu_id: ID,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Connection<MessageObject>>, Problem> {
        let id = self::waifu_id(&waifu_id, "waifuId")?;
        let (limit, start) = paging::<MessagePlace>(first, after.as_deref())?;
        let page = context
            .app
            .read_history
            .execute(context.caller, id, start, limit)
            .await?;
        let place = |message: &Message| MessagePlace {
            turn_no: message.turn_no,
            speaker: message.speaker,
        };
        Ok(Some(Connection::new(page, place, MessageObject::from)))
    }
}

/// The companion that an argument names.
pub fn waifu_id(id: &ID, argument: &str) -> Result<WaifuId, Problem> {
    id.parse()
        .map_err(|_| Problem::invalid(vec![FieldError::parameter(argument, "must be a UUID")]))
}
