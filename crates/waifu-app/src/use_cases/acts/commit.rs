//! One act, one commit: under the relationship's lock the receipt is looked for, the judge asked, and all that follows
//! written.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tracing::warn;
use waifu_domain::affection::{Act, Refusal, Setting, Verdict};
use waifu_domain::ids::{InteractionId, TurnId, UserId};
use waifu_domain::prompt::Occasion;
use waifu_domain::relationship::{Interaction, Pair, Presence, Relationship, RelationshipState};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::TurnKind;
use waifu_domain::user::Person;
use waifu_domain::waifu::Waifu;

use super::occasion;
use super::{ActError, Acts, ActsParts, Deed, RefusedAct};
use crate::catalogues::StoredCatalogue;
use crate::log::chain;
use crate::ports::store::{
    Appended, NewReaction, Store, StoreError, Taken, UnitOfWork, VoidedTurns, Written, WrittenAct,
    finish,
};
use crate::ports::turn_store::{DurableEvent, FirstMeeting};
use crate::turns::news::{Happening, Numbered};
use crate::turns::{Done, Granter, Reaction, append};
use crate::use_cases::access::{known_waifu, present_waifu};
use crate::use_cases::idempotency::{Asked, IdempotencyKey, Ticket};
use crate::use_cases::read_relationship::person;

/// Rows of a ledger that are read at once.
const PAGE: u32 = 1000;
/// Chats that one rewind may take back: their frames fit into what a watcher may be behind by, and no lock is held long.
pub(super) const MOST_TAKEN_BACK: usize = 200;
/// How long it is waited for before each look at what became of a commit.
const LOOKS: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(5),
];

impl Acts {
    /// Returns once the act is stored. It goes on when this future is dropped.
    pub(super) async fn commit(
        &self,
        by: UserId,
        pair: Pair,
        deed: Deed,
        key: Option<IdempotencyKey>,
    ) -> Result<WrittenAct, ActError> {
        let place = self.room.enter(by).ok_or(ActError::TooMany)?;
        let (parts, alone) = (Arc::clone(&self.parts), Arc::clone(&self.alone));
        let act = move |granter: Granter| async move {
            let _place = place;
            let _alone = alone.wait(pair).await;
            let catalogue = parts.catalogues.current().await;
            let mut work = parts.store.begin().await?;
            let scribe = Scribe {
                parts: &parts,
                catalogue: &catalogue,
                pair,
                tickets: deed.tickets(by, pair, key),
            };
            let outcome = scribe.write(&mut *work, &deed, &granter).await;
            let written = match outcome {
                Ok(written) => written,
                Err(refusal) => return finish(work, Err(refusal)).await,
            };
            if let Err(error) = work.commit().await {
                written.recognise(&*parts.store, error).await?;
            }
            Ok(Done {
                outcome: written.act,
                news: written.news,
                reaction: written.reaction,
            })
        };
        self.parts.supervisor.perform(pair, act).await
    }
}

pub(super) struct Scribe<'a> {
    pub(super) parts: &'a ActsParts,
    pub(super) catalogue: &'a StoredCatalogue,
    pub(super) pair: Pair,
    pub(super) tickets: Vec<Ticket>,
}

struct Record {
    act: WrittenAct,
    news: Vec<Numbered>,
    reaction: Option<Reaction>,
    /// What tells whether a commit came through whose answer was lost.
    first_row: Option<InteractionId>,
}

impl Record {
    /// After a commit without an answer: whether it came through all the same, which the id of its first row tells.
    async fn recognise(&self, store: &dyn Store, lost: StoreError) -> Result<(), StoreError> {
        let (StoreError::Unavailable(_), Some(first_row)) = (&lost, self.first_row) else {
            return Err(lost);
        };
        for pause in LOOKS {
            tokio::time::sleep(pause).await;
            match self.first_stored(store).await {
                Ok(stored) if stored == Some(first_row) => return Ok(()),
                Ok(_) => return Err(lost),
                Err(error) => warn!(error = chain(&error), "failed to see what became of an act"),
            }
        }
        Err(lost)
    }

    /// The row that stands where the act's first one would.
    async fn first_stored(&self, store: &dyn Store) -> Result<Option<InteractionId>, StoreError> {
        let WrittenAct {
            relationship_id,
            after_no,
            ..
        } = self.act;
        let mut work = store.snapshot().await?;
        let rows = work
            .relationships()
            .rows_after(relationship_id, after_no, 1)
            .await;
        let rows = finish(work, rows).await?;
        Ok(rows.first().map(|row| row.place.id))
    }
}

/// What the rules are asked about.
pub(super) struct Standing {
    pub(super) waifu: Waifu,
    person: Person,
    pub(super) relationship: Relationship,
    state: RelationshipState,
    now: Timestamp,
}

/// What the rules say, and what she is told of it.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    occasion: Option<(TurnKind, Occasion)>,
    pub(super) voided: Option<(u32, u32)>,
}

impl Scribe<'_> {
    async fn write(
        &self,
        work: &mut dyn UnitOfWork,
        deed: &Deed,
        granter: &Granter,
    ) -> Result<Record, ActError> {
        let now = self.parts.clock.now();
        let relationship = self.lock(work, deed, now).await?;
        if let Some(act) = self.find_receipt(work, now).await? {
            return Ok(Record {
                act,
                news: Vec::new(),
                reaction: None,
                first_row: None,
            });
        }
        let standing = self.standing(work, deed, relationship, now).await?;
        let judged = self.judge(work, deed, &standing).await?;
        self.record(work, standing, judged, granter).await
    }

    pub(super) async fn standing(
        &self,
        work: &mut dyn UnitOfWork,
        deed: &Deed,
        relationship: Relationship,
        now: Timestamp,
    ) -> Result<Standing, ActError> {
        let waifu = self.waifu(work, deed).await?;
        let horizon = self.parts.rule_book.horizon(now);
        let state = work.relationships().state(&relationship, horizon).await?;
        Ok(Standing {
            waifu,
            person: person(work, self.pair.user_id).await?,
            relationship,
            state,
            now,
        })
    }

    /// Whoever gives a gift or goes on a date meets her first of all, if he may see her.
    pub(super) async fn lock(
        &self,
        work: &mut dyn UnitOfWork,
        deed: &Deed,
        now: Timestamp,
    ) -> Result<Relationship, ActError> {
        known_waifu(work, self.pair.user_id, self.pair.waifu_id).await?;
        let ids = &self.parts.ids;
        let relationship = match deed {
            Deed::Gift { .. } | Deed::Date { .. } => {
                let first = FirstMeeting {
                    relationship_id: ids.fresh(),
                    conversation_id: ids.fresh(),
                    epoch: ids.fresh(),
                };
                work.relationships().meet(self.pair, first, now).await?
            }
            Deed::Choice { .. } | Deed::Rewind { .. } | Deed::Adjustment { .. } | Deed::Visit => {
                let known = work.relationships().lock(self.pair).await?;
                known.ok_or(ActError::NotThere("relationship"))?
            }
        };
        Ok(relationship)
    }

    /// As she is after the wait for the lock.
    async fn waifu(&self, work: &mut dyn UnitOfWork, deed: &Deed) -> Result<Waifu, ActError> {
        let Pair { user_id, waifu_id } = self.pair;
        let waifu = match deed {
            // What was can be corrected though she is gone.
            Deed::Adjustment { .. } => known_waifu(work, user_id, waifu_id).await?,
            Deed::Gift { .. }
            | Deed::Date { .. }
            | Deed::Choice { .. }
            | Deed::Rewind { .. }
            | Deed::Visit => present_waifu(work, user_id, waifu_id).await?,
        };
        Ok(waifu)
    }

    async fn find_receipt(
        &self,
        work: &mut dyn UnitOfWork,
        now: Timestamp,
    ) -> Result<Option<WrittenAct>, ActError> {
        for ticket in &self.tickets {
            match ticket.find(work, now).await? {
                Asked::Never => {}
                Asked::Before(Written::Act(act)) => return Ok(Some(act)),
                Asked::Before(Written::Run { .. } | Written::Waifu(_)) | Asked::Otherwise => {
                    let taken = RefusedAct::Choice(Refusal::ChoiceTaken).into();
                    let is_choice = ticket.is_for_good();
                    return Err(if is_choice { taken } else { ActError::Mismatch });
                }
            }
        }
        Ok(None)
    }

    async fn judge(
        &self,
        work: &mut dyn UnitOfWork,
        deed: &Deed,
        standing: &Standing,
    ) -> Result<Judged, ActError> {
        let personality = &standing.waifu.profile.personality;
        match deed {
            Deed::Gift { gift } => {
                let found = self.catalogue.gift(*gift);
                let (key, gift) = found.ok_or(ActError::NotThere("gift"))?;
                let occasion = occasion::of_gift(gift, personality);
                let act = Act::Gift { key, gift };
                self.judge_presence(standing, &act, Presence::Gift, occasion)
            }
            Deed::Date { date } => {
                let found = self.catalogue.date(*date);
                let (key, date) = found.ok_or(ActError::NotThere("date"))?;
                let occasion = occasion::of_date(date, personality);
                let act = Act::Date { key, date };
                self.judge_presence(standing, &act, Presence::Date, occasion)
            }
            Deed::Choice { occurrence, choice } => {
                let id = standing.relationship.id;
                let found = work.relationships().occurrence(id, *occurrence).await?;
                let occurrence = found.ok_or(ActError::NotThere(OCCURRENCE))?;
                let events = self.catalogue.events();
                let event = events.get(&occurrence.event);
                let event = event.ok_or(ActError::NotThere(OCCURRENCE))?;
                let choice = event.choice(choice).ok_or(ActError::NotThere("choice"))?;
                let occasion = occasion::of_choice(event, choice);
                let act = Act::Choice {
                    occurrence: &occurrence,
                    choice,
                };
                self.judge_presence(standing, &act, Presence::Event, occasion)
            }
            Deed::Rewind { turn } => self.judge_rewind(work, standing, *turn).await,
            Deed::Adjustment {
                points,
                operator,
                reason,
            } => {
                let act = Act::Adjustment {
                    points: *points,
                    operator_id: *operator,
                    reason,
                };
                let verdict = self.verdict(standing, &act);
                Ok(verdict.map_err(RefusedAct::Adjustment)?.into())
            }
            Deed::Visit => {
                let verdict = self.verdict(standing, &Act::Visit);
                Ok(verdict.expect("a visit is never refused").into())
            }
        }
    }

    fn judge_presence(
        &self,
        standing: &Standing,
        act: &Act<'_>,
        presence: Presence,
        occasion: Occasion,
    ) -> Result<Judged, ActError> {
        let verdict = self
            .verdict(standing, act)
            .map_err(|refusal| RefusedAct::of(presence, refusal))?;
        let kind = match presence {
            Presence::Chat => TurnKind::Chat,
            Presence::Gift => TurnKind::Gift,
            Presence::Date => TurnKind::Date,
            Presence::Event => TurnKind::Event,
        };
        Ok(Judged {
            occasion: Some((kind, occasion)),
            ..verdict.into()
        })
    }

    pub(super) async fn judge_rewind(
        &self,
        work: &mut dyn UnitOfWork,
        standing: &Standing,
        turn: TurnId,
    ) -> Result<Judged, ActError> {
        let id = standing.relationship.id;
        let number = work.turns().number(id, turn).await?;
        let from_turn_no = number.ok_or(ActError::NotThere(TURN))?;
        if let Some(busy) = work.turns().streaming(id).await? {
            return Err(ActError::Busy(busy));
        }
        let at = standing.state.time_of_act(standing.now);
        let VoidedTurns {
            turns,
            last_turn_no,
        } = work.turns().void_chats(id, from_turn_no, at).await?;
        if turns.len() > MOST_TAKEN_BACK {
            return Err(ActError::TooFarBack);
        }
        let first = work.relationships().first_chat_row(&turns).await?;
        let ledger = match first {
            None => Vec::new(),
            Some(first) => rows_from(work, &standing.relationship, first).await?,
        };
        let voided = (!turns.is_empty()).then_some((from_turn_no, last_turn_no));
        let turns: BTreeSet<TurnId> = turns.into_iter().collect();
        let act = Act::Rewind {
            turns: &turns,
            ledger: &ledger,
        };
        let verdict = self.verdict(standing, &act);
        Ok(Judged {
            voided,
            ..verdict.expect("a rewind is never refused").into()
        })
    }

    fn verdict(&self, standing: &Standing, act: &Act<'_>) -> Result<Verdict, Refusal> {
        let setting = Setting {
            waifu: &standing.waifu.profile,
            person: &standing.person,
            events: self.catalogue.events(),
        };
        self.parts
            .rule_book
            .judge(setting, &standing.state, act, standing.now)
    }

    async fn record(
        &self,
        work: &mut dyn UnitOfWork,
        standing: Standing,
        judged: Judged,
        granter: &Granter,
    ) -> Result<Record, ActError> {
        let Judged {
            verdict,
            occasion,
            voided,
        } = judged;
        let relationship = &standing.relationship;
        let cause = verdict.rows.last().map(|row| row.cause.clone());
        let at = verdict.at;
        let rule_book = self.parts.rule_book.hash();
        let mut append = append::of_verdict(relationship, verdict, rule_book, &*self.parts.ids);
        let mut others = Vec::new();
        if let Some((from_turn_no, to_turn_no)) = voided {
            append.events.push(DurableEvent::TurnVoided {
                from_turn_no,
                to_turn_no,
            });
            others.push(Happening::TurnVoided {
                from_turn_no,
                to_turn_no,
            });
        }
        let mut reaction = None;
        if let Some(((kind, occasion), cause)) = occasion.zip(cause)
            && work.turns().streaming(relationship.id).await?.is_none()
            && let Some(grant) = granter.grant(work).await?
        {
            let new = NewReaction {
                turn_id: self.parts.ids.fresh(),
                relationship_id: relationship.id,
                kind,
                cause: cause.clone(),
                waifu_version: standing.waifu.version,
                process: grant.process,
                lease: grant.lease,
                at,
            };
            let turn = work.turns().start(new).await?;
            append.events.push(DurableEvent::turn_started(turn, kind));
            others.push(Happening::TurnStarted {
                turn_id: turn.turn_id,
                turn_no: turn.turn_no,
                run: turn.run,
                kind,
                cause: Some(cause),
            });
            reaction = Some(Reaction { turn, occasion });
        }
        let act = WrittenAct {
            relationship_id: relationship.id,
            after_no: append.expected.entry_no,
            last_no: append.head_after().entry_no,
            turn_id: reaction.as_ref().map(|reaction| reaction.turn.turn_id),
        };
        if !append.events.is_empty() {
            let appended = work.relationships().append(append.clone()).await?;
            if appended == Appended::Stale {
                return Err(StoreError::Failed("a locked relationship moved".into()).into());
            }
        }
        for ticket in &self.tickets {
            let kept = ticket.keep(work, Written::Act(act), standing.now).await?;
            // Another request under the same key, on another relationship at the same instant, was quicker.
            if kept == Err(Taken) {
                return Err(ActError::Mismatch);
            }
        }
        let moved = append.moved.as_ref();
        let first_row = moved.and_then(|moved| Some(moved.entries.first()?.place.id));
        Ok(Record {
            first_row,
            act,
            news: append::told(append, None, self.catalogue.events(), others),
            reaction,
        })
    }
}

impl From<Verdict> for Judged {
    fn from(verdict: Verdict) -> Self {
        Self {
            verdict,
            occasion: None,
            voided: None,
        }
    }
}

const OCCURRENCE: &str = "occurrence of an event";
const TURN: &str = "turn";

/// The ledger from the row before `first` to its end.
async fn rows_from(
    work: &mut dyn UnitOfWork,
    relationship: &Relationship,
    first: u32,
) -> Result<Vec<Interaction>, StoreError> {
    let mut rows = Vec::new();
    // Rows after the one before the one before it.
    let mut after = first.saturating_sub(2);
    loop {
        let page = work
            .relationships()
            .rows_after(relationship.id, after, PAGE)
            .await?;
        let Some(last) = page.last() else {
            return Ok(rows);
        };
        after = last.place.no;
        rows.extend(page);
    }
}
