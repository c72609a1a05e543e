//! Following a relationship: where it stands, and everything that happens from there on.

use std::str::FromStr;
use std::sync::Arc;

use uuid::Uuid;
use waifu_domain::ids::{Epoch, WaifuId};
use waifu_domain::relationship::{Pair, Relationship};
use waifu_domain::timestamp::Timestamp;

use super::acts::{ActError, Acts};
use super::read_relationship::{ReadRelationship, RelationshipView};
use crate::caller::Caller;
use crate::ports::clock::Clock;
use crate::ports::store::{Store, StoreError, UnitOfWork, finish};
use crate::turns::forgetting::KEPT_FOR;
use crate::turns::hub::{Hub, Watch};
use crate::turns::news::Words;

/// Who has missed more than so many events starts anew.
const MOST_REPLAYED: u64 = 300;

#[derive(Debug, Clone)]
pub struct Follow {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub hub: Hub,
    pub acts: Acts,
    pub read_relationship: ReadRelationship,
}

/// Where a client has come to. Before the first interaction the epoch is `None` and the number 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumeFrom {
    pub epoch: Option<Epoch>,
    pub seq: u64,
}

#[derive(Debug)]
pub struct Following {
    /// Where the two stand; all events after `watch.seq()` follow.
    pub view: RelationshipView,
    pub watch: Watch,
    /// Whether those events are all that the client has missed.
    pub is_resumed: bool,
    /// The run that streams: its next words follow.
    pub active: Option<Words>,
}

impl Follow {
    /// Follows first and reads then, so that nothing falls between.
    pub async fn execute(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        resume: Option<ResumeFrom>,
    ) -> Result<Following, ActError> {
        let pair = Pair {
            user_id: caller.user_id,
            waifu_id,
        };
        // What comes up or has run out by now is part of what is shown.
        self.acts.visit(caller, waifu_id).await?;
        let mut watch = self.hub.watch(pair);
        let mut work = self.store.snapshot().await?;
        let read = self.read(&mut *work, pair, resume).await;
        let (view, is_resumed) = finish(work, read).await?;
        let head = view.stored.as_ref().map_or(0, |stored| stored.head.seq);
        let from = resume.filter(|_| is_resumed);
        watch.start_after(from.map_or(head, |from| from.seq));
        watch.expect_up_to(head);
        let active = watch.active();
        Ok(Following {
            view,
            watch,
            is_resumed,
            active,
        })
    }

    async fn read(
        &self,
        work: &mut dyn UnitOfWork,
        pair: Pair,
        resume: Option<ResumeFrom>,
    ) -> Result<(RelationshipView, bool), ActError> {
        let view = self.read_relationship.present(work, pair).await?;
        let now = self.clock.now();
        let is_resumed = match resume {
            Some(from) => can_resume(work, view.stored.as_ref(), from, now).await?,
            None => false,
        };
        Ok((view, is_resumed))
    }
}

/// Whether all that came after is still there, and not too much.
pub(super) async fn can_resume(
    work: &mut dyn UnitOfWork,
    stored: Option<&Relationship>,
    from: ResumeFrom,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(stored) = stored else {
        return Ok(from == ResumeFrom::THE_BEGINNING);
    };
    let is_its = from.epoch == Some(stored.epoch) || from == ResumeFrom::THE_BEGINNING;
    let Some(missed) = stored.head.seq.checked_sub(from.seq).filter(|_| is_its) else {
        return Ok(false);
    };
    if missed == 0 {
        return Ok(true);
    }
    let first = work.event_log().after(stored.id, from.seq, 1).await?;
    let is_kept = |at: Timestamp| at >= now.minus(KEPT_FOR);
    Ok(missed <= MOST_REPLAYED
        && first
            .first()
            .is_some_and(|first| first.seq == from.seq + 1 && is_kept(first.at)))
}

impl ResumeFrom {
    pub const THE_BEGINNING: Self = Self {
        epoch: None,
        seq: 0,
    };
}

/// Not `{epoch}:{seq}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an epoch, a colon and a number, such as null:0")]
pub struct NotAPlace;

impl FromStr for ResumeFrom {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (epoch, seq) = text.trim().split_once(':').ok_or(NotAPlace)?;
        let epoch = match epoch {
            "null" => None,
            epoch => Some(Uuid::parse_str(epoch).map_err(|_| NotAPlace)?.into()),
        };
        let seq = seq.parse().map_err(|_| NotAPlace)?;
        Ok(Self { epoch, seq })
    }
}
