//! What can be asked.

use juniper::{ID, graphql_object};
use waifu_app::ports::store::{LedgerRow, MessagePlace, OccurrencePlace, WaifuPlace};
use waifu_app::use_cases::{HistoryMessage, Offer, Plot};
use waifu_domain::catalogue::{DatePlan, Gift};
use waifu_domain::events::EventOccurrence;
use waifu_domain::ids::WaifuId;
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;

use super::acts::{BucketEnum, InteractionObject, PartObject};
use super::api_keys::ApiKeyObject;
use super::companions::place;
use super::connection::{Connection, paging};
use super::events::EventObject;
use super::objects::{MessageObject, RelationshipObject, UserObject, WaifuObject};
use super::offers::{DateObject, GiftObject};
use super::operators::catalogue::{EntryKindEnum, EntryObject};
use super::operators::usage::DayUsageObject;
use super::operators::users::AccountObject;
use super::operators::{catalogue, house, usage, users};
use super::{Context, account, api_keys};
use crate::problem::{FieldError, Problem};
use crate::rest::views::{DateView, GiftView, InteractionView, OccurrenceView};

#[derive(Debug, Clone, Copy)]
pub struct Query;

/// Fields that may fail are nullable, so that one that does leaves the others standing.
#[graphql_object(context = Context, scalar = juniper::DefaultScalarValue)]
impl Query {
    /// Who you are.
    async fn me(context: &Context) -> Result<Option<UserObject>, Problem> {
        Ok(Some(account::me(context).await?.into()))
    }

    /// Your API keys, newest first; 50 a page unless told, 100 at most.
    async fn api_keys(
        context: &Context,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Connection<ApiKeyObject>>, Problem> {
        api_keys::list(context, first, after.as_deref())
            .await
            .map(Some)
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
            .execute(context.reader().await?, start, limit)
            .await?;
        Ok(Some(Connection::new(page, place, WaifuObject::from)))
    }

    /// One companion.
    async fn waifu(context: &Context, id: ID) -> Result<Option<WaifuObject>, Problem> {
        let id = waifu_id(&id, "id")?;
        let waifu = context
            .app
            .get_waifu
            .execute(context.reader().await?, id)
            .await?;
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
            .execute(context.reader().await?, id)
            .await?;
        Ok(Some(RelationshipObject::from(&view)))
    }

    /// The ledger: every change of affection and why, newest first; 50 a page unless told, 100 at most.
    async fn interactions(
        context: &Context,
        waifu_id: ID,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Connection<InteractionObject>>, Problem> {
        let id = self::waifu_id(&waifu_id, "waifuId")?;
        let (limit, start) = paging::<u32>(first, after.as_deref())?;
        let ledger = &context.app.read_ledger;
        let page = ledger
            .execute(context.reader().await?, id, start, limit)
            .await?;
        let place = |row: &LedgerRow| row.interaction.place.no;
        Ok(Some(Connection::new(page, place, |row| {
            InteractionView::from(row).into()
        })))
    }

    /// Affection over time: 30 parts that end now unless told, 400 at most. Parts begin at full hours, days and
    /// Mondays, in UTC.
    async fn affection_history(
        context: &Context,
        waifu_id: ID,
        bucket: Option<BucketEnum>,
        from: Option<String>,
        until: Option<String>,
    ) -> Result<Option<Vec<PartObject>>, Problem> {
        let id = self::waifu_id(&waifu_id, "waifuId")?;
        let plot = Plot {
            width: bucket.unwrap_or(BucketEnum::Day).into(),
            from: moment(from, "from")?,
            until: moment(until, "until")?,
        };
        let parts = context
            .app
            .read_affection
            .execute(context.reader().await?, id, plot)
            .await?;
        Ok(Some(parts.into_iter().map(Into::into).collect()))
    }

    /// The gifts by key, with what each would earn right now and why; 50 a page unless told, 100 at most.
    async fn gifts(
        context: &Context,
        waifu_id: ID,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Connection<GiftObject>>, Problem> {
        gifts_of(context, &waifu_id, first, after.as_deref())
            .await
            .map(Some)
    }

    /// The dates by key, with what each would earn right now and why; 50 a page unless told, 100 at most.
    async fn dates(
        context: &Context,
        waifu_id: ID,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Connection<DateObject>>, Problem> {
        dates_of(context, &waifu_id, first, after.as_deref())
            .await
            .map(Some)
    }

    /// Events that wait for your choice and those that are over, newest first; 50 a page unless told, 100 at most.
    async fn events(
        context: &Context,
        waifu_id: ID,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Connection<EventObject>>, Problem> {
        let id = self::waifu_id(&waifu_id, "waifuId")?;
        let (limit, start) = paging::<OccurrencePlace>(first, after.as_deref())?;
        let list = &context.app.list_events;
        let page = list
            .execute(context.reader().await?, id, start, limit)
            .await?;
        let catalogue = context.app.catalogues.current().await;
        let place = |occurrence: &EventOccurrence| OccurrencePlace {
            opened_at: occurrence.opened_at,
            id: occurrence.id,
        };
        Ok(Some(Connection::new(page, place, |occurrence| {
            let definition = catalogue.events().get(&occurrence.event);
            OccurrenceView::new(occurrence, definition).into()
        })))
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
            .execute(context.reader().await?, id, start, limit)
            .await?;
        let place = |told: &HistoryMessage| MessagePlace {
            turn_no: told.message.turn_no,
            speaker: told.message.speaker,
        };
        Ok(Some(Connection::new(page, place, MessageObject::from)))
    }

    /// For operators: the accounts, oldest first, or the one of a name alone; 50 a page unless told, 100 at most.
    async fn users(
        context: &Context,
        first: Option<i32>,
        after: Option<String>,
        username: Option<String>,
    ) -> Result<Option<Connection<AccountObject>>, Problem> {
        let page = users::page(context, first, after.as_deref(), username);
        page.await.map(Some)
    }

    /// For operators: one account.
    async fn user(context: &Context, id: ID) -> Result<Option<AccountObject>, Problem> {
        users::one(context, &id).await.map(Some)
    }

    /// For operators: the house's companions, private ones too, oldest first; 50 a page unless told, 100 at most.
    async fn house_waifus(
        context: &Context,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Connection<WaifuObject>>, Problem> {
        let page = house::page(context, first, after.as_deref());
        page.await.map(Some)
    }

    /// For operators: gifts, dates or events by key as they are defined, retired ones too; 50 a page unless told, 100 at
    /// most.
    async fn catalogue_entries(
        context: &Context,
        kind: EntryKindEnum,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Connection<EntryObject>>, Problem> {
        let page = catalogue::page(context, kind, first, after.as_deref());
        page.await.map(Some)
    }

    /// For operators: what was used on each day from `from` to `to` (`YYYY-MM-DD`, in UTC; 30 days up to today unless told,
    /// 92 at most), oldest first. Erased users are counted no more.
    async fn usage(
        context: &Context,
        from: Option<String>,
        to: Option<String>,
    ) -> Result<Option<Vec<DayUsageObject>>, Problem> {
        usage::usage(context, from, to).await.map(Some)
    }
}

async fn gifts_of(
    context: &Context,
    waifu_id: &ID,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<Connection<GiftObject>, Problem> {
    let id = self::waifu_id(waifu_id, "waifuId")?;
    let (limit, start) = paging::<Slug>(first, after)?;
    let offers = &context.app.list_offers;
    let page = offers
        .gifts(context.reader().await?, id, start, limit)
        .await?;
    let place = |offer: &Offer<Gift>| offer.key.clone();
    Ok(Connection::new(page, place, |offer| {
        GiftView::from(offer).into()
    }))
}

async fn dates_of(
    context: &Context,
    waifu_id: &ID,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<Connection<DateObject>, Problem> {
    let id = self::waifu_id(waifu_id, "waifuId")?;
    let (limit, start) = paging::<Slug>(first, after)?;
    let offers = &context.app.list_offers;
    let page = offers
        .dates(context.reader().await?, id, start, limit)
        .await?;
    let place = |offer: &Offer<DatePlan>| offer.key.clone();
    Ok(Connection::new(page, place, |offer| {
        DateView::from(offer).into()
    }))
}

fn moment(text: Option<String>, argument: &str) -> Result<Option<Timestamp>, Problem> {
    let parse = |text: String| {
        serde_json::from_value(text.into()).map_err(|_| {
            let why = "must be an RFC 3339 time";
            Problem::invalid(vec![FieldError::parameter(argument, why)])
        })
    };
    text.map(parse).transpose()
}

/// The companion that an argument names.
pub fn waifu_id(id: &ID, argument: &str) -> Result<WaifuId, Problem> {
    id.parse()
        .map_err(|_| Problem::invalid(vec![FieldError::parameter(argument, "must be a UUID")]))
}
