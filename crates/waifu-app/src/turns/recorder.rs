//! The second commit of a turn: what the run said, what the judge makes of it, and the news of both.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{error, warn};
use waifu_domain::affection::{Act, RuleBook, RuleBookHash, Verdict};
use waifu_domain::events::{EventOccurrence, OccurrenceState};
use waifu_domain::ids::RelationshipId;
use waifu_domain::relationship::{Interaction, InteractionKind, LedgerPlace};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Message, MessagePart, Speaker};

use super::ending::Ending;
use super::frames::{Frame, Happening, TurnDone};
use crate::log::chain;
use crate::ports::clock::Clock;
use crate::ports::fanout::Fanout;
use crate::ports::ids::IdSource;
use crate::ports::store::{LedgerRow, Store, StoreError, finish};
use crate::ports::turn_store::{
    Append, Authority, DurableEvent, Moved, Reply, Settled, Settlement, Standing, TurnStore,
};

/// How often a settlement that found the relationship moved is judged again before it is left to the reaper.
const STALE_ROUNDS: u32 = 16;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// What is left of patience once the server has to stop.
const LAST_PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) turns: Arc<dyn TurnStore>,
    pub(super) fanout: Arc<dyn Fanout>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
    pub(super) store: Arc<dyn Store>,
    pub(super) rule_book: Arc<RuleBook>,
    /// How long a store that is out of reach is waited for, with the reply in hand.
    pub(super) patience: Duration,
    /// Once cancelled, a store that is away is waited for only a little longer.
    pub(super) hurry: CancellationToken,
}

impl Recorder {
    /// Ends a run, however often the relationship moves or the store is away meanwhile; both are bounded, and
    /// what can't be settled here is left to a reaper. `said` is the user's message.
    pub(super) async fn settle(
        &self,
        mut standing: Standing,
        said: Option<&str>,
        authority: Authority,
        ending: &Ending,
    ) {
        let turn = standing.turn;
        let pair = standing.relationship.pair;
        match self
            .settle_or_explain(&mut standing, said, authority, ending)
            .await
        {
            Ok(frames) => frames
                .into_iter()
                .for_each(|frame| self.fanout.publish(pair, frame)),
            Err(unsettled) => {
                match unsettled {
                    Unsettled::EndedByAnother => {
                        warn!(turn = %turn.turn_id, run = turn.run, "the run was ended by another");
                    }
                    Unsettled::KeepsMoving => {
                        error!(turn = %turn.turn_id, run = turn.run, "failed to settle: the relationship keeps moving");
                    }
                    Unsettled::Store(error) => {
                        error!(turn = %turn.turn_id, run = turn.run, error = chain(&error), "failed to settle a run");
                    }
                }
                self.fanout.publish(
                    pair,
                    Frame::Lost {
                        turn_id: turn.turn_id,
                        run: turn.run,
                    },
                );
            }
        }
    }

    async fn settle_or_explain(
        &self,
        standing: &mut Standing,
        said: Option<&str>,
        authority: Authority,
        ending: &Ending,
    ) -> Result<Vec<Frame>, Unsettled> {
        let mut patience = Patience {
            left: self.patience,
            pause: FIRST_PAUSE,
            hurry: &self.hurry,
        };
        for _ in 0..STALE_ROUNDS {
            let settlement = self.settlement(standing, authority, ending);
            let mut answer_was_lost = false;
            let settled = loop {
                match self.turns.settle(settlement.clone()).await {
                    Ok(settled) => break settled,
                    Err(error) => patience.wait_after(error).await?,
                }
                answer_was_lost = true;
            };
            match settled {
                Settled::Done => return Ok(news(settlement, said)),
                Settled::EndedByAnother if answer_was_lost => {
                    let is_ours = loop {
                        match self.is_ours(&settlement).await {
                            Ok(is_ours) => break is_ours,
                            Err(error) => patience.wait_after(error).await?,
                        }
                    };
                    let ended = is_ours.then(|| news(settlement, said));
                    return ended.ok_or(Unsettled::EndedByAnother);
                }
                Settled::EndedByAnother => return Err(Unsettled::EndedByAnother),
                Settled::Stale => {
                    let since = self.clock.now().minus(self.rule_book.longest_window());
                    let turn_id = standing.turn.turn_id;
                    let read_again = loop {
                        match self.turns.standing(turn_id, since).await {
                            Ok(found) => break found,
                            Err(error) => patience.wait_after(error).await?,
                        }
                    };
                    *standing = read_again.ok_or(Unsettled::EndedByAnother)?;
                }
            }
        }
        Err(Unsettled::KeepsMoving)
    }

    /// Whether it was this settlement that ended the run: its commit came through and the answer did not. The
    /// reply's id tells; a run without a reply ended the same way whoever ended it.
    async fn is_ours(&self, settlement: &Settlement) -> Result<bool, StoreError> {
        let mut work = self.store.snapshot().await?;
        let outcome = work.messages().outcome(settlement.turn.turn_id).await;
        let stored = finish(work, outcome).await?;
        Ok(stored.is_some_and(|stored| {
            stored.turn.run == settlement.turn.run
                && stored.status == settlement.status.into()
                && stored.reason == settlement.reason
                && stored.reply.map(|reply| reply.id)
                    == settlement.reply.as_ref().map(|reply| reply.message_id)
        }))
    }

    fn settlement(&self, standing: &Standing, authority: Authority, ending: &Ending) -> Settlement {
        let verdict = self.verdict(standing, ending);
        let relationship = &standing.relationship;
        let at = verdict
            .as_ref()
            .and_then(|verdict| verdict.state_after.last_entry_at)
            .unwrap_or_else(|| self.clock.now());
        let reply = ending.was_heard().then(|| Reply {
            message_id: self.ids.fresh(),
            text: ending.text.clone(),
        });
        let opened = verdict
            .as_ref()
            .map_or_else(Vec::new, |verdict| self.open(verdict, at));
        let moved = verdict.map(|verdict| Moved {
            entries: self.entries(relationship.id, relationship.head.entry_no, &verdict),
            state: verdict.state_after,
        });
        let mut events = Vec::new();
        if let Some(moved) = &moved {
            let version = relationship.head.version + 1;
            events.extend(
                moved
                    .entries
                    .iter()
                    .map(|entry| DurableEvent::RelationshipUpdated {
                        entry_no: entry.place.no,
                        version,
                    }),
            );
        }
        events.extend(opened.iter().map(|occurrence| DurableEvent::EventOpened {
            occurrence_id: occurrence.id,
        }));
        events.push(DurableEvent::TurnDone {
            turn_id: standing.turn.turn_id,
            run: standing.turn.run,
            status: ending.status,
            reason: ending.reason,
            message_id: reply.as_ref().map(|reply| reply.message_id),
            usage: ending.usage,
        });
        Settlement {
            turn: standing.turn,
            conversation_id: standing.conversation_id,
            authority,
            status: ending.status,
            reason: ending.reason,
            usage: ending.usage,
            at,
            reply,
            append: Append {
                relationship_id: relationship.id,
                expected: relationship.head,
                moved,
                opened,
                events,
                at,
            },
        }
    }

    /// `None` when the run moves nothing: nothing was said, or the turn has no appraisal left to spend.
    fn verdict(&self, standing: &Standing, ending: &Ending) -> Option<Verdict> {
        let appraisal = standing.appraisal.filter(|_| ending.was_heard())?;
        let act = Act::Chat {
            turn_id: standing.turn.turn_id,
            appraisal,
        };
        let now = self.clock.now();
        let judged = self.rule_book.judge(
            &standing.waifu.profile,
            &standing.person,
            &standing.state,
            &act,
            now,
        );
        // Chat is never refused; were a rule to refuse it, the words would still stand.
        judged.ok()
    }

    fn open(&self, verdict: &Verdict, at: Timestamp) -> Vec<EventOccurrence> {
        let occurrence = |event: &waifu_domain::slug::Slug| EventOccurrence {
            id: self.ids.fresh(),
            event: event.clone(),
            opened_at: at,
            expires_at: None,
            state: OccurrenceState::Pending,
        };
        verdict.opened_events.iter().map(occurrence).collect()
    }

    fn entries(
        &self,
        relationship_id: RelationshipId,
        last_no: u32,
        verdict: &Verdict,
    ) -> Vec<Interaction> {
        let rule_book: RuleBookHash = self.rule_book.hash();
        let rows = verdict.rows.iter().cloned();
        rows.zip(last_no + 1..)
            .map(|(row, no)| {
                let id = self.ids.fresh();
                row.into_interaction(
                    LedgerPlace {
                        id,
                        relationship_id,
                        no,
                    },
                    rule_book,
                )
            })
            .collect()
    }
}

/// How long a store that is out of reach is still waited for, with growing pauses.
#[derive(Debug)]
struct Patience<'a> {
    left: Duration,
    pause: Duration,
    hurry: &'a CancellationToken,
}

impl Patience<'_> {
    async fn wait_after(&mut self, error: StoreError) -> Result<(), StoreError> {
        match error {
            StoreError::Unavailable(_) if !self.left.is_zero() => {
                if self.hurry.is_cancelled() {
                    self.left = self.left.min(LAST_PATIENCE);
                }
                tokio::time::sleep(self.pause).await;
                self.left = self.left.saturating_sub(self.pause);
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                Ok(())
            }
            StoreError::Unavailable(_) | StoreError::Failed(_) => Err(error),
        }
    }
}

#[derive(Debug)]
enum Unsettled {
    EndedByAnother,
    KeepsMoving,
    Store(StoreError),
}

impl From<StoreError> for Unsettled {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The frames of a settlement's durable events, in their order.
fn news(settlement: Settlement, said: Option<&str>) -> Vec<Frame> {
    let version = settlement.append.head_after().version;
    let mut happenings = Vec::with_capacity(settlement.append.events.len());
    for interaction in settlement
        .append
        .moved
        .into_iter()
        .flat_map(|moved| moved.entries)
    {
        let said = said
            .filter(|_| interaction.kind == InteractionKind::Chat)
            .map(str::to_owned);
        let row = LedgerRow { interaction, said };
        happenings.push(Happening::RelationshipUpdated { version, row });
    }
    happenings.extend(
        settlement
            .append
            .opened
            .into_iter()
            .map(Happening::EventOpened),
    );
    let turn = settlement.turn;
    let message = settlement.reply.map(|reply| Message {
        id: reply.message_id,
        conversation_id: settlement.conversation_id,
        turn_id: turn.turn_id,
        turn_no: turn.turn_no,
        speaker: Speaker::Waifu,
        parts: vec![MessagePart::text(reply.text)],
        status: settlement.status.into(),
        created_at: settlement.at,
    });
    happenings.push(Happening::TurnDone(TurnDone {
        turn_id: turn.turn_id,
        run: turn.run,
        status: settlement.status,
        reason: settlement.reason,
        message,
        usage: settlement.usage,
    }));
    happenings
        .into_iter()
        .zip(settlement.append.expected.seq + 1..)
        .map(|(happening, seq)| Frame::Durable { seq, happening })
        .collect()
}
