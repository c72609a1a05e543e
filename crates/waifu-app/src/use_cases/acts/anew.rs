//! Another message in the place of one that was sent: its turn and all later chats are taken back, and this one is
//! answered, in one commit.

use std::sync::Arc;

use waifu_domain::affection::Appraisal;
use waifu_domain::ids::{ClientMessageId, RelationshipId, TurnId, WaifuId};
use waifu_domain::prompt::Occasion;
use waifu_domain::relationship::Relationship;
use waifu_domain::turn::{MessageText, plain_text};

use super::commit::{Judged, Scribe};
use super::{ActError, Acts, Deed, pair};
use crate::caller::Caller;
use crate::ports::store::{Appended, NewSaid, StoreError, UnitOfWork, finish};
use crate::ports::turn_store::{DurableEvent, TurnRef};
use crate::turns::news::{Happening, Numbered};
use crate::turns::{Done, Granter, NotBegun, Reaction, append};
use crate::use_cases::await_answer::{Answer, Look};

/// What is said instead.
#[derive(Debug, Clone)]
pub(in crate::use_cases) struct Anew {
    pub(in crate::use_cases) text: MessageText,
    /// Sent again, it is answered as it was.
    pub(in crate::use_cases) client_message_id: ClientMessageId,
    pub(in crate::use_cases) appraisal: Appraisal,
}

impl Acts {
    /// Says something else in the place of a turn's message, and waits for the answer. It goes on when this future is
    /// dropped.
    pub(in crate::use_cases) async fn say_anew(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        turn: TurnId,
        anew: Anew,
    ) -> Result<Answer, ActError> {
        let pair = pair(caller, waifu_id);
        let watch = self.parts.hub.watch(pair);
        let place = self.room.enter(pair.user_id).ok_or(ActError::TooMany)?;
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
                tickets: Vec::new(),
            };
            let said = scribe.say(&mut *work, &granter, turn, anew).await;
            finish(work, said).await
        };
        let said = self.parts.supervisor.perform(pair, act).await?;
        // It may have been said, and answered, before.
        self.answer(&watch, said, Look::First).await
    }
}

impl Scribe<'_> {
    async fn say(
        &self,
        work: &mut dyn UnitOfWork,
        granter: &Granter,
        turn: TurnId,
        anew: Anew,
    ) -> Result<Done<TurnRef>, ActError> {
        let now = self.parts.clock.now();
        let deed = Deed::Rewind { turn };
        let relationship = self.lock(work, &deed, now).await?;
        if let Some(said) = said_before(work, relationship.id, &anew).await? {
            return Ok(Done {
                outcome: said,
                news: Vec::new(),
                reaction: None,
            });
        }
        let standing = self.standing(work, &deed, relationship, now).await?;
        let outcome = work.messages().outcome(turn).await?;
        let message = outcome.and_then(|outcome| outcome.message);
        message.ok_or(ActError::NotThere("message of that turn"))?;
        let judged = self.judge_rewind(work, &standing, turn).await?;
        let grant = granter.try_grant(work).await?;
        let new = NewSaid {
            turn_id: self.parts.ids.fresh(),
            relationship_id: standing.relationship.id,
            client_message_id: anew.client_message_id,
            message_id: self.parts.ids.fresh(),
            text: anew.text.clone(),
            appraisal: Some(anew.appraisal),
            waifu_version: standing.waifu.version,
            process: grant.process,
            lease: grant.lease,
            at: judged.verdict.at,
        };
        let said = work.turns().say(new).await?;
        let news = self.tell(work, &standing.relationship, judged, said, &anew);
        let occasion = Occasion::Chat {
            said: anew.text.as_str().to_owned(),
        };
        Ok(Done {
            outcome: said,
            news: news.await?,
            reaction: Some(Reaction {
                turn: said,
                occasion,
            }),
        })
    }

    /// What was taken back, and that something else was said.
    async fn tell(
        &self,
        work: &mut dyn UnitOfWork,
        relationship: &Relationship,
        judged: Judged,
        said: TurnRef,
        anew: &Anew,
    ) -> Result<Vec<Numbered>, ActError> {
        let Judged {
            verdict, voided, ..
        } = judged;
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
        let message_id = said.message_id.expect("something was said");
        let client_message_id = anew.client_message_id;
        let accepted = DurableEvent::of_acceptance(said, message_id, client_message_id);
        append.events.extend(accepted);
        others.extend(Happening::of_acceptance(
            said,
            message_id,
            client_message_id,
        ));
        let appended = work.relationships().append(append.clone()).await?;
        if appended == Appended::Stale {
            return Err(StoreError::Failed("a locked relationship moved".into()).into());
        }
        let events = self.catalogue.events();
        Ok(append::told(append, None, events, others))
    }
}

/// The turn that this very message was accepted as.
async fn said_before(
    work: &mut dyn UnitOfWork,
    relationship: RelationshipId,
    anew: &Anew,
) -> Result<Option<TurnRef>, ActError> {
    let mut messages = work.messages();
    let Some(turn) = messages
        .turn_of(relationship, anew.client_message_id)
        .await?
    else {
        return Ok(None);
    };
    let outcome = messages.outcome(turn).await?;
    let outcome = outcome.ok_or(ActError::NotThere("turn"))?;
    let said = outcome.message.map(|message| plain_text(&message.parts));
    if said.as_deref() == Some(anew.text.as_str()) {
        Ok(Some(outcome.turn))
    } else {
        Err(NotBegun::Mismatch.into())
    }
}
