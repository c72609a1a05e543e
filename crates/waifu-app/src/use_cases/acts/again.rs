//! Another answer to the latest turn, and the choice among its answers. Neither moves affection by itself.

use std::sync::Arc;

use waifu_domain::ids::{MessageId, TurnId, WaifuId};
use waifu_domain::prompt::Occasion;
use waifu_domain::relationship::{Cause, Pair, Relationship};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Message, RunNo, RunStatus, TurnKind, plain_text};
use waifu_domain::waifu::Personality;

use super::{ActError, Acts, ActsParts, occasion, pair};
use crate::caller::Caller;
use crate::catalogues::StoredCatalogue;
use crate::ports::store::{
    Appended, LatestTurn, NewRun, StoreError, Taken, UnitOfWork, Written, finish,
};
use crate::ports::turn_store::{Append, DurableEvent, TurnRef};
use crate::turns::hub::Watch;
use crate::turns::news::{Happening, Numbered};
use crate::turns::{Done, Granter, Reaction, append};
use crate::use_cases::access::{known_waifu, present_waifu};
use crate::use_cases::await_answer::{Answer, AwaitAnswer, Look, NoAnswer};
use crate::use_cases::idempotency::{Asked, IdempotencyKey, Ticket};

/// What was chosen.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub turn: TurnRef,
    pub message: Message,
}

impl Acts {
    /// Starts another run of the latest turn; asked for again under the same key, the run that was started then. It goes on
    /// when this future is dropped.
    pub async fn regenerate(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        turn: TurnId,
        key: Option<IdempotencyKey>,
    ) -> Result<TurnRef, ActError> {
        let pair = pair(caller, waifu_id);
        let place = self.room.enter(pair.user_id).ok_or(ActError::TooMany)?;
        let (parts, alone) = (Arc::clone(&self.parts), Arc::clone(&self.alone));
        let act = move |granter: Granter| async move {
            let _place = place;
            let _alone = alone.wait(pair).await;
            let catalogue = parts.catalogues.current().await;
            let mut work = parts.store.begin().await?;
            let again = Retake {
                parts: &parts,
                catalogue: &catalogue,
                pair,
                turn,
            };
            let ticket = key.map(|key| again.ticket(key));
            let started = again.start(&mut *work, &granter, ticket).await;
            finish(work, started).await
        };
        self.parts.supervisor.perform(pair, act).await
    }

    /// As [`Acts::regenerate`], and waits for the answer.
    pub async fn answer_again(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        turn: TurnId,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, ActError> {
        let watch = self.parts.hub.watch(pair(caller, waifu_id));
        // Who asks again may ask for a run that is over.
        let look = key.as_ref().map_or(Look::Later, |_| Look::First);
        let turn = self.regenerate(caller, waifu_id, turn, key).await?;
        self.answer(&watch, turn, look).await
    }

    /// The end of a run, waited for by who began to watch before it.
    pub(super) async fn answer(
        &self,
        watch: &Watch,
        turn: TurnRef,
        look: Look,
    ) -> Result<Answer, ActError> {
        let await_answer = AwaitAnswer {
            store: Arc::clone(&self.parts.store),
            read_relationship: self.parts.read_relationship.clone(),
            patience: self.parts.patience,
        };
        let run = (turn.turn_id, turn.run);
        let answer = await_answer.of(watch, run, look).await;
        answer.map_err(|error| match error {
            NoAnswer::StillStreaming(_) => ActError::Busy(turn),
            NoAnswer::Unseen(unseen) => unseen.into(),
        })
    }

    /// Makes the words of an earlier run of the latest turn her answer.
    pub async fn choose_answer(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        turn: TurnId,
        run: RunNo,
    ) -> Result<Chosen, ActError> {
        let pair = pair(caller, waifu_id);
        let place = self.room.enter(pair.user_id).ok_or(ActError::TooMany)?;
        let (parts, alone) = (Arc::clone(&self.parts), Arc::clone(&self.alone));
        let act = move |_: Granter| async move {
            let _place = place;
            let _alone = alone.wait(pair).await;
            let catalogue = parts.catalogues.current().await;
            let mut work = parts.store.begin().await?;
            let again = Retake {
                parts: &parts,
                catalogue: &catalogue,
                pair,
                turn,
            };
            let chosen = again.choose(&mut *work, run).await;
            finish(work, chosen).await
        };
        self.parts.supervisor.perform(pair, act).await
    }
}

struct Retake<'a> {
    parts: &'a ActsParts,
    catalogue: &'a StoredCatalogue,
    pair: Pair,
    turn: TurnId,
}

impl Retake<'_> {
    fn ticket(&self, key: IdempotencyKey) -> Ticket {
        let by = self.pair.user_id;
        let scope = format!("regenerate {} {}", self.pair.waifu_id, self.turn);
        Ticket::of_client(by, scope, key, "")
    }

    async fn start(
        &self,
        work: &mut dyn UnitOfWork,
        granter: &Granter,
        ticket: Option<Ticket>,
    ) -> Result<Done<TurnRef>, ActError> {
        let relationship = self.lock(work).await?;
        let now = self.parts.clock.now();
        if let Some(ticket) = &ticket
            && let Some(turn) = self.started_before(work, ticket, now).await?
        {
            return Ok(Done {
                outcome: turn,
                news: Vec::new(),
                reaction: None,
            });
        }
        let latest = self.latest(work, &relationship).await?;
        let occasion = self.occasion(work, &latest).await?;
        let grant = granter.try_grant(work).await?;
        let again = NewRun {
            turn_id: self.turn,
            relationship_id: relationship.id,
            process: grant.process,
            lease: grant.lease,
            at: now,
        };
        let turn = work.turns().start_again(again).await?;
        if let Some(ticket) = ticket {
            let of = Written::Run {
                relationship_id: relationship.id,
                turn_id: turn.turn_id,
                run: turn.run,
            };
            if ticket.keep(work, of, now).await? == Err(Taken) {
                return Err(ActError::Mismatch);
            }
        }
        let mut append = append::nothing(&relationship, now);
        append
            .events
            .push(DurableEvent::turn_started(turn, latest.kind));
        let started = Happening::TurnStarted {
            turn_id: turn.turn_id,
            turn_no: turn.turn_no,
            run: turn.run,
            kind: latest.kind,
            cause: latest.cause,
        };
        Ok(Done {
            outcome: turn,
            news: self.append(work, append, started).await?,
            reaction: Some(Reaction { turn, occasion }),
        })
    }

    /// The run that was started when this was asked for before.
    async fn started_before(
        &self,
        work: &mut dyn UnitOfWork,
        ticket: &Ticket,
        now: Timestamp,
    ) -> Result<Option<TurnRef>, ActError> {
        match ticket.find(work, now).await? {
            Asked::Never => Ok(None),
            Asked::Before(Written::Run { turn_id, run, .. }) => {
                let outcome = work.messages().outcome(turn_id).await?;
                let outcome = outcome.ok_or(ActError::NotThere("turn"))?;
                Ok(Some(TurnRef {
                    run,
                    ..outcome.turn
                }))
            }
            Asked::Before(Written::Act(_) | Written::Waifu(_)) | Asked::Otherwise => {
                Err(ActError::Mismatch)
            }
        }
    }

    async fn choose(
        &self,
        work: &mut dyn UnitOfWork,
        run: RunNo,
    ) -> Result<Done<Chosen>, ActError> {
        let relationship = self.lock(work).await?;
        let latest = self.latest(work, &relationship).await?;
        let turn = TurnRef { run, ..latest.turn };
        let candidates = work.turns().candidates(&[self.turn]).await?;
        let candidate = candidates
            .into_iter()
            .find(|candidate| candidate.run == run);
        let candidate = candidate.ok_or(ActError::NotThere("answer of that run"))?;
        let message = self.message(work, candidate.message_id).await?;
        let chosen = Chosen {
            turn,
            message: message.clone(),
        };
        if candidate.is_chosen {
            return Ok(Done {
                outcome: chosen,
                news: Vec::new(),
                reaction: None,
            });
        }
        work.turns().choose(self.turn, run).await?;
        let mut append = append::nothing(&relationship, self.parts.clock.now());
        append.events.push(DurableEvent::TurnChosen {
            turn_id: self.turn,
            run,
            message_id: candidate.message_id,
        });
        let happening = Happening::TurnChosen {
            turn_id: self.turn,
            run,
            message,
        };
        Ok(Done {
            outcome: chosen,
            news: self.append(work, append, happening).await?,
            reaction: None,
        })
    }

    async fn lock(&self, work: &mut dyn UnitOfWork) -> Result<Relationship, ActError> {
        let Pair { user_id, waifu_id } = self.pair;
        known_waifu(work, user_id, waifu_id).await?;
        let relationship = work.relationships().lock(self.pair).await?;
        relationship.ok_or(ActError::NotThere("relationship"))
    }

    /// The turn, if it is the latest one, nothing streams, and she is there.
    async fn latest(
        &self,
        work: &mut dyn UnitOfWork,
        relationship: &Relationship,
    ) -> Result<LatestTurn, ActError> {
        let Pair { user_id, waifu_id } = self.pair;
        present_waifu(work, user_id, waifu_id).await?;
        let known = work.turns().number(relationship.id, self.turn).await?;
        known.ok_or(ActError::NotThere("turn"))?;
        if let Some(streaming) = work.turns().streaming(relationship.id).await? {
            return Err(ActError::Busy(streaming));
        }
        let latest = work.turns().latest(relationship.id).await?;
        let latest = latest.filter(|latest| latest.turn.turn_id == self.turn);
        let latest = latest.ok_or(ActError::NotTheLatest)?;
        debug_assert_ne!(latest.status, RunStatus::Streaming);
        Ok(latest)
    }

    async fn occasion(
        &self,
        work: &mut dyn UnitOfWork,
        latest: &LatestTurn,
    ) -> Result<Occasion, ActError> {
        match latest.kind {
            TurnKind::Greeting => Err(ActError::NotTheLatest),
            TurnKind::Chat => {
                let id = latest.turn.message_id;
                let message = self.message(work, id.ok_or(ActError::NotThere("message"))?);
                let said = plain_text(&message.await?.parts);
                Ok(Occasion::Chat { said })
            }
            TurnKind::Gift | TurnKind::Date | TurnKind::Event => {
                let Pair { user_id, waifu_id } = self.pair;
                let waifu = present_waifu(work, user_id, waifu_id).await?;
                let cause = latest.cause.as_ref();
                cause
                    .and_then(|cause| self.deed(cause, &waifu.profile.personality))
                    .ok_or(ActError::NotThere("definition of what was done"))
            }
        }
    }

    /// As it is defined now.
    fn deed(&self, cause: &Cause, personality: &Personality) -> Option<Occasion> {
        let catalogue = &self.catalogue.catalogue;
        match cause {
            Cause::Gift { gift, .. } => {
                Some(occasion::of_gift(catalogue.gifts.get(gift)?, personality))
            }
            Cause::Date { date } => {
                Some(occasion::of_date(catalogue.dates.get(date)?, personality))
            }
            Cause::Occurrence { event, choice, .. } => {
                let event = catalogue.events.get(event)?;
                Some(occasion::of_choice(event, event.choice(choice)?))
            }
            Cause::Turn { .. } | Cause::Absence | Cause::Voided { .. } | Cause::Operator { .. } => {
                None
            }
        }
    }

    async fn message(
        &self,
        work: &mut dyn UnitOfWork,
        id: MessageId,
    ) -> Result<Message, StoreError> {
        let message = work.messages().by_id(id).await?;
        message.ok_or_else(|| StoreError::Failed("a turn names a message that is gone".into()))
    }

    async fn append(
        &self,
        work: &mut dyn UnitOfWork,
        append: Append,
        happening: Happening,
    ) -> Result<Vec<Numbered>, ActError> {
        let appended = work.relationships().append(append.clone()).await?;
        if appended == Appended::Stale {
            return Err(StoreError::Failed("a locked relationship moved".into()).into());
        }
        let events = self.catalogue.events();
        Ok(append::told(append, None, events, [happening]))
    }
}
