//! One history: each step is written through the ports and held against the model.

use std::collections::BTreeSet;

use time::Duration;
use waifu_app::ports::store::{Appended, LedgerRow, NewReaction, StoreError, UnitOfWork};
use waifu_app::ports::turn_store::{Append, DurableEvent, NewTurn, Settled, Settlement, Standing};
use waifu_domain::affection::{Act, Appraisal, Refusal, Verdict};
use waifu_domain::events::EventOccurrence;
use waifu_domain::ids::TurnId;
use waifu_domain::prompt::Line;
use waifu_domain::relationship::{Cause, RelationshipState};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{TurnKind, plain_text};

use super::super::scenario::Scenario;
use super::super::{Promise, StoreUnderTest};
use super::model::{Model, felt, number};
use super::steps::{Answer, Gap, Step};
use crate::builders::{answered, failure, horizon, moment, of_verdict, reaction, unmoved};

const HISTORY_LIMIT: u32 = 12;
/// More than a history has of anything.
const ALL: u32 = 1_000;

pub(super) struct Writer<'a> {
    under_test: &'a StoreUnderTest,
    scenario: Scenario,
    model: Model,
    now: Timestamp,
}

impl<'a> Writer<'a> {
    pub(super) fn new(under_test: &'a StoreUnderTest, scenario: Scenario, model: Model) -> Self {
        Self {
            under_test,
            scenario,
            model,
            now: moment(0),
        }
    }

    pub(super) async fn perform(&mut self, gap: Gap, step: &Step) -> Promise {
        self.now = self.now.plus(Duration::minutes(gap));
        match step {
            Step::Chat { appraisal, answer } => self.chat(*appraisal, *answer).await,
            Step::Gift { gift, answer } => {
                let gifts = self.model.catalogue.gifts.clone();
                let (key, gift) = nth(gifts.iter(), *gift);
                self.act(&Act::Gift { key, gift }, *answer).await
            }
            Step::Date { date, answer } => {
                let dates = self.model.catalogue.dates.clone();
                let (key, date) = nth(dates.iter(), *date);
                self.act(&Act::Date { key, date }, *answer).await
            }
            Step::Choice {
                newest,
                choice,
                answer,
            } => self.choose(*newest, *choice, *answer).await,
            Step::Rewind { newest } => self.go_back(*newest).await,
            Step::Adjustment { points } => {
                let adjustment = Act::Adjustment {
                    points: *points,
                    operator_id: self.scenario.user.id,
                    reason: "a correction",
                };
                self.act(&adjustment, Answer::None).await
            }
            Step::Visit => self.act(&Act::Visit, Answer::None).await,
        }
    }

    async fn chat(&mut self, appraisal: Option<Appraisal>, answer: Answer) -> Promise {
        let said = format!("words {}", self.model.turns.len());
        let turn = NewTurn {
            appraisal,
            history_limit: HISTORY_LIMIT,
            ..self.scenario.turn_at(&said, self.now)
        };
        let opening = self.under_test.accept_new(turn).await?;
        let standing = opening.standing;
        let earlier = self.model.history();
        let hidden = earlier.len().saturating_sub(HISTORY_LIMIT as usize);
        assert_eq!(opening.history, earlier[hidden..]);
        self.model.begin_turn(standing.turn, Some(&said));
        self.model.note_events(2);
        assert_eq!(standing.relationship, self.model.relationship());

        let later = self.now.plus(Duration::seconds(3));
        if answer != Answer::Words {
            let failure = failure(&standing, self.scenario.process, later);
            self.model.note_events(failure.append.events.len());
            return self.settle(failure).await;
        }
        let Some(appraisal) = standing.appraisal else {
            return self
                .answer(&standing, unmoved(&standing.relationship, later))
                .await;
        };
        let act = Act::Chat {
            turn_id: standing.turn.turn_id,
            appraisal,
        };
        let verdict = self.agree(standing.state.clone(), &act, &act, later);
        let verdict = verdict.expect("a chat is never refused");
        let append = of_verdict(&standing.relationship, verdict.clone());
        self.model.write(verdict, &append);
        self.answer(&standing, append).await
    }

    async fn choose(&mut self, newest: usize, choice: usize, answer: Answer) -> Promise {
        let mut occurrences = self.model.occurrences.clone();
        // Those that pend are the newest.
        occurrences.sort_by_key(EventOccurrence::is_pending);
        let Some(known) = occurrences.iter().rev().nth(newest) else {
            return Ok(());
        };
        let id = self.model.relationship().id;
        let mut look = self.under_test.store.snapshot().await?;
        let found = look.relationships().occurrence(id, known.id).await?;
        assert_eq!(found.as_ref(), Some(known));
        drop(look);
        let event = self.model.catalogue.events[&known.event].clone();
        let act = Act::Choice {
            occurrence: known,
            choice: nth(event.choices.iter(), choice),
        };
        self.act(&act, answer).await
    }

    /// An act other than a chat or a step back, and her answer.
    async fn act(&mut self, act: &Act<'_>, answer: Answer) -> Promise {
        let mut work = self.under_test.store.begin().await?;
        let state = self.locked_state(&mut *work).await?;
        let Ok(verdict) = self.agree(state, act, act, self.now) else {
            return work.rollback().await;
        };
        let before = self.model.relationship();
        let mut append = of_verdict(&before, verdict.clone());
        let mut begun = None;
        let cause = verdict.rows.last().map(|row| row.cause.clone());
        if let (Some(cause), true) = (cause, answer != Answer::None) {
            let new = NewReaction {
                kind: kind_of(&cause),
                cause,
                ..reaction(&before, self.scenario.process, verdict.at)
            };
            let kind = new.kind;
            let turn = work.turns().start(new).await?;
            append.events.push(DurableEvent::turn_started(turn, kind));
            begun = Some(turn);
        }
        write(&mut *work, append.clone()).await?;
        work.commit().await?;
        self.model.write(verdict, &append);
        let Some(turn) = begun else { return Ok(()) };
        self.model.begin_turn(turn, None);
        let standing = self.under_test.standing(turn.turn_id).await?;
        assert_eq!(standing.relationship, self.model.relationship());
        if answer == Answer::Words {
            let nothing = unmoved(&standing.relationship, self.now);
            self.answer(&standing, nothing).await
        } else {
            let failure = failure(&standing, self.scenario.process, self.now);
            self.model.note_events(failure.append.events.len());
            self.settle(failure).await
        }
    }

    async fn go_back(&mut self, newest: usize) -> Promise {
        let Some(place) = self.model.turns.len().checked_sub(newest + 1) else {
            return Ok(());
        };
        let (id, no) = (self.model.relationship().id, number(place) + 1);
        let mut work = self.under_test.store.begin().await?;
        let state = self.locked_state(&mut *work).await?;
        let mut turns = work.turns();
        let found = turns.number(id, self.model.turns[place].id).await?;
        assert_eq!(found, Some(no));
        let at = state.time_of_act(self.now);
        let voided = turns.void_chats(id, no, at).await?;
        assert_eq!(voided, self.model.void_chats(no));
        drop(turns);

        let first = work.relationships().first_chat_row(&voided.turns).await?;
        let turns: BTreeSet<TurnId> = voided.turns.into_iter().collect();
        assert_eq!(first, self.model.first_chat_row(&turns));
        let ledger = match first {
            None => Vec::new(),
            Some(first) => {
                let before = first.saturating_sub(2);
                work.relationships().rows_after(id, before, ALL).await?
            }
        };
        // The model is shown the whole ledger.
        let of_the_model = Act::Rewind {
            turns: &turns,
            ledger: &self.model.rows,
        };
        let of_the_store = Act::Rewind {
            turns: &turns,
            ledger: &ledger,
        };
        let verdict = self.agree(state, &of_the_store, &of_the_model, self.now);
        let verdict = verdict.expect("a step back is never refused");
        let mut append = of_verdict(&self.model.relationship(), verdict.clone());
        if !turns.is_empty() {
            append.events.push(DurableEvent::TurnVoided {
                from_turn_no: no,
                to_turn_no: voided.last_turn_no,
            });
        }
        write(&mut *work, append.clone()).await?;
        work.commit().await?;
        self.model.write(verdict, &append);
        Ok(())
    }

    /// The relationship is locked, and as the model knows it.
    async fn locked_state(
        &self,
        work: &mut dyn UnitOfWork,
    ) -> Result<RelationshipState, StoreError> {
        let mut relationships = work.relationships();
        let locked = relationships.lock(self.scenario.pair).await?;
        let relationship = locked.expect("the two have met");
        assert_eq!(relationship, self.model.relationship());
        relationships.state(&relationship, horizon(self.now)).await
    }

    /// What is read is what the model remembers, and the rules say the same of both.
    fn agree(
        &self,
        mut read: RelationshipState,
        act: &Act<'_>,
        act_of_the_model: &Act<'_>,
        now: Timestamp,
    ) -> Result<Verdict, Refusal> {
        let occurrences = &mut read.last_occurrences;
        occurrences.sort_by(|one, other| one.event.cmp(&other.event));
        let looked_at = RelationshipState {
            entries: felt(&read.entries),
            ..read.clone()
        };
        let remembered = self.model.state_within(horizon(self.now));
        assert_eq!(looked_at, remembered);

        let of_the_store = self.model.judge(&read, act, now);
        let of_the_model = self.model.judge(&self.model.state, act_of_the_model, now);
        match (&of_the_store, &of_the_model) {
            (Ok(one), Ok(other)) => {
                assert_eq!(one.at, other.at);
                assert_eq!(one.rows, other.rows);
                assert_eq!(one.opened, other.opened);
                assert_eq!(one.closed, other.closed);
            }
            (Err(one), Err(other)) => assert_eq!(one, other),
            (one, other) => panic!("the store gives {one:?}, the model {other:?}"),
        }
        of_the_model
    }

    /// Her words, with which `append` is written; the model has it already.
    async fn answer(&mut self, standing: &Standing, append: Append) -> Promise {
        let text = format!("answer {}", self.model.turns.len());
        self.model.answer(&text);
        self.model.note_events(1);
        let settlement = answered(standing, self.scenario.process, &text, append);
        self.settle(settlement).await
    }

    async fn settle(&self, settlement: Settlement) -> Promise {
        let settled = self.under_test.turns.settle(settlement).await?;
        assert_eq!(settled, Settled::Done);
        Ok(())
    }

    pub(super) async fn assert_all_is_there(&self) -> Promise {
        let relationship = self.under_test.assert_lawful(self.scenario.pair).await?;
        assert_eq!(relationship, self.model.relationship());
        let id = relationship.id;
        let mut look = self.under_test.store.snapshot().await?;
        let rows = look.relationships().rows_after(id, 0, ALL).await?;
        assert_eq!(rows, self.model.rows);
        let ledger = look.relationships().ledger(id, None, ALL).await?;
        let said = |row| LedgerRow::new(Clone::clone(row), self.model.said(row));
        let expected: Vec<_> = self.model.rows.iter().rev().map(said).collect();
        assert_eq!(ledger, expected);

        let occurrences = look.relationships().occurrences(id, None, ALL).await?;
        let mut expected = self.model.occurrences.clone();
        expected.sort_by_key(|occurrence| (occurrence.opened_at, occurrence.id));
        expected.reverse();
        assert_eq!(occurrences, expected);

        let history = look.messages().history(id, None, ALL).await?;
        let history: Vec<_> = history
            .iter()
            .rev()
            .map(|said| Line {
                speaker: said.speaker,
                text: plain_text(&said.parts),
            })
            .collect();
        assert_eq!(history, self.model.history());
        Ok(())
    }
}

/// What moves nothing at all is not written.
async fn write(work: &mut dyn UnitOfWork, append: Append) -> Promise {
    if !append.events.is_empty() {
        let appended = work.relationships().append(append).await?;
        assert_eq!(appended, Appended::Done);
    }
    Ok(())
}

fn kind_of(cause: &Cause) -> TurnKind {
    match cause {
        Cause::Gift { .. } => TurnKind::Gift,
        Cause::Date { .. } => TurnKind::Date,
        Cause::Occurrence { .. } => TurnKind::Event,
        Cause::Turn { .. } | Cause::Absence | Cause::Voided { .. } | Cause::Operator { .. } => {
            panic!("nobody answers {cause:?}")
        }
    }
}

fn nth<T>(mut items: impl ExactSizeIterator<Item = T>, n: usize) -> T {
    let n = n % items.len();
    items.nth(n).expect("a remainder is smaller")
}
