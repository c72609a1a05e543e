//! What comes of living through a history as a server would: each act judged on what the one before left, opened
//! events pending until they are answered, and every row kept in a ledger.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;
use waifu_domain::affection::{Act, Appraisal, Refusal, RuleBook, Setting, Verdict};
use waifu_domain::catalogue::Catalogue;
use waifu_domain::events::{EventOccurrence, OccurrenceState};
use waifu_domain::ids::{InteractionId, OccurrenceId, RelationshipId, TurnId, UserId};
use waifu_domain::relationship::{Cause, Interaction, LedgerPlace, RelationshipState};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::Person;
use waifu_domain::waifu::WaifuProfile;

use crate::books::Numbers;
use crate::lives::{Deed, History, Which};

/// What a deed comes to once it is known what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    Chat {
        turn_id: TurnId,
        appraisal: Appraisal,
    },
    Gift(Slug),
    Date(Slug),
    Choice {
        occurrence: EventOccurrence,
        choice: Slug,
    },
    Rewind(BTreeSet<TurnId>),
    Adjustment(i32),
    Visit,
}

/// One act that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    pub(crate) request: Request,
    pub(crate) before: RelationshipState,
    /// So many rows were there before.
    pub(crate) rows_before: usize,
    pub(crate) outcome: Result<Verdict, Refusal>,
}

#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) numbers: Numbers,
    pub(crate) book: RuleBook,
    pub(crate) waifu: WaifuProfile,
    pub(crate) person: Person,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) state: RelationshipState,
    pub(crate) moments: Vec<Moment>,
    pub(crate) ledger: Vec<Interaction>,
    /// All that ever came up, in that order.
    pub(crate) occurrences: Vec<EventOccurrence>,
    turns: Vec<TurnId>,
}

impl Life {
    pub(crate) fn new(history: &History) -> Self {
        Self {
            book: history.numbers.book(),
            numbers: history.numbers.clone(),
            waifu: history.waifu.clone(),
            person: history.person.clone(),
            catalogue: Arc::clone(&history.catalogue),
            state: RelationshipState::strangers(),
            moments: Vec::new(),
            ledger: Vec::new(),
            occurrences: Vec::new(),
            turns: Vec::new(),
        }
    }

    /// Nothing happens where there is nothing to give, answer or go back to.
    pub(crate) fn perform(&mut self, deed: Deed, now: Timestamp) -> Result<(), Refusal> {
        match self.request(deed) {
            Some(request) => self.submit(request, now),
            None => Ok(()),
        }
    }

    pub(crate) fn submit(&mut self, request: Request, now: Timestamp) -> Result<(), Refusal> {
        let before = self.state.clone();
        let rows_before = self.ledger.len();
        let outcome = self.judge(&request, &before, rows_before, now);
        if let Ok(verdict) = &outcome {
            self.write_down(&request, verdict);
        }
        let refused = outcome.as_ref().err().cloned();
        self.moments.push(Moment {
            now,
            request,
            before,
            rows_before,
            outcome,
        });
        refused.map_or(Ok(()), Err)
    }

    /// What would come of an act on a state that the first `rows` of the ledger led to.
    pub(crate) fn judge(
        &self,
        request: &Request,
        state: &RelationshipState,
        rows: usize,
        now: Timestamp,
    ) -> Result<Verdict, Refusal> {
        let catalogue = &*self.catalogue;
        let act = match request {
            Request::Chat { turn_id, appraisal } => Act::Chat {
                turn_id: *turn_id,
                appraisal: *appraisal,
            },
            Request::Gift(key) => Act::Gift {
                key,
                gift: &catalogue.gifts[key],
            },
            Request::Date(key) => Act::Date {
                key,
                date: &catalogue.dates[key],
            },
            Request::Choice { occurrence, choice } => Act::Choice {
                occurrence,
                choice: catalogue.events[&occurrence.event]
                    .choice(choice)
                    .expect("one of its choices"),
            },
            Request::Rewind(turns) => Act::Rewind {
                turns,
                ledger: from_before_the_oldest(&self.ledger[..rows], turns),
            },
            Request::Adjustment(points) => Act::Adjustment {
                points: *points,
                operator_id: UserId::new(Uuid::nil()),
                reason: "a test",
            },
            Request::Visit => Act::Visit,
        };
        self.book.judge(self.setting(), state, &act, now)
    }

    pub(crate) fn setting(&self) -> Setting<'_> {
        Setting {
            waifu: &self.waifu,
            person: &self.person,
            events: &self.catalogue.events,
        }
    }

    /// Acts that were not refused, with what came of them.
    pub(crate) fn verdicts(&self) -> impl Iterator<Item = (&Moment, &Verdict)> {
        self.moments
            .iter()
            .filter_map(|moment| Some((moment, moment.outcome.as_ref().ok()?)))
    }

    pub(crate) fn affection(&self) -> i32 {
        self.state.affection.get()
    }

    pub(crate) fn pending_decay(&self, now: Timestamp) -> i32 {
        self.book
            .pending_decay(&self.waifu, &self.person, &self.state, now)
    }

    pub(crate) fn turn_count(&self) -> usize {
        self.turns.len()
    }

    /// The turns from the one so many turns ago on.
    pub(crate) fn turns_since(&self, ago: usize) -> Option<BTreeSet<TurnId>> {
        let oldest = self.turns.len().checked_sub(ago + 1)?;
        Some(self.turns[oldest..].iter().copied().collect())
    }

    pub(crate) fn request(&self, deed: Deed) -> Option<Request> {
        Some(match deed {
            Deed::Say(appraisal) => Request::Chat {
                turn_id: self.next_turn(),
                appraisal,
            },
            Deed::Give(place) => Request::Gift(nth(self.catalogue.gifts.keys(), place)?.clone()),
            Deed::GoOn(place) => Request::Date(nth(self.catalogue.dates.keys(), place)?.clone()),
            Deed::Answer { which, choice } => {
                let occurrence = self.occurrence(which)?.clone();
                let choices = self.catalogue.events[&occurrence.event].choices.iter();
                Request::Choice {
                    choice: nth(choices, choice)?.key.clone(),
                    occurrence,
                }
            }
            Deed::Rewind(ago) => Request::Rewind(self.turns_since(ago)?),
            Deed::Adjust(points) => Request::Adjustment(points),
            Deed::Visit => Request::Visit,
        })
    }

    fn occurrence(&self, which: Which) -> Option<&EventOccurrence> {
        let occurrences = self.occurrences.iter();
        match which {
            Which::Pending(place) => {
                let pending = occurrences.filter(|occurrence| occurrence.is_pending());
                nth(pending, place)
            }
            Which::Any(place) => nth(occurrences, place),
        }
    }

    fn next_turn(&self) -> TurnId {
        let turns = u128::try_from(self.turns.len()).expect("histories are short");
        TurnId::new(Uuid::from_u128(turns + 1))
    }

    /// A server makes nothing of an act that leaves nothing to write.
    fn write_down(&mut self, request: &Request, verdict: &Verdict) {
        if verdict.is_empty() {
            return;
        }
        if let Request::Chat { turn_id, .. } = request {
            self.turns.push(*turn_id);
        }
        self.state = verdict.state_after.clone();
        for closed in &verdict.closed {
            let mut known = self.occurrences.iter_mut();
            let known = known.find(|known| known.id == closed.id);
            *known.expect("it came up") = closed.clone();
        }
        for opened in &verdict.opened {
            let no = u128::try_from(self.occurrences.len()).expect("histories are short");
            let occurrence = EventOccurrence {
                id: OccurrenceId::new(Uuid::from_u128(no)),
                event: opened.event.clone(),
                opened_at: verdict.at,
                expires_at: opened.expires_at,
                state: OccurrenceState::Pending,
            };
            let last = &mut self.state.last_occurrences;
            last.retain(|last| last.event != occurrence.event);
            last.push(occurrence.clone());
            self.occurrences.push(occurrence);
        }
        for row in &verdict.rows {
            let no = u32::try_from(self.ledger.len()).expect("histories are short") + 1;
            let place = LedgerPlace {
                id: InteractionId::new(Uuid::from_u128(no.into())),
                relationship_id: RelationshipId::new(Uuid::nil()),
                no,
            };
            let row = row.clone();
            self.ledger
                .push(row.into_interaction(place, self.book.hash()));
        }
    }
}

/// All that the judge is promised of the ledger, and no more.
fn from_before_the_oldest<'a>(
    ledger: &'a [Interaction],
    turns: &BTreeSet<TurnId>,
) -> &'a [Interaction] {
    let is_meant = |row: &Interaction| matches!(row.cause, Cause::Turn { turn_id, .. } if turns.contains(&turn_id));
    let oldest = ledger.iter().position(is_meant);
    oldest.map_or(&[], |oldest| &ledger[oldest.saturating_sub(1)..])
}

/// Going round when there are fewer.
fn nth<T>(items: impl Iterator<Item = T>, place: usize) -> Option<T> {
    let mut items: Vec<T> = items.collect();
    if items.is_empty() {
        return None;
    }
    Some(items.swap_remove(place % items.len()))
}
