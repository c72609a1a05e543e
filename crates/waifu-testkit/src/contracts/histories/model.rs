//! What the rules give, kept in memory from the first row to the last: no store is asked for anything.

use std::collections::BTreeSet;

use waifu_app::ports::store::VoidedTurns;
use waifu_app::ports::turn_store::{Append, TurnRef};
use waifu_domain::affection::{Act, Refusal, Setting, Verdict};
use waifu_domain::catalogue::Catalogue;
use waifu_domain::events::EventOccurrence;
use waifu_domain::ids::TurnId;
use waifu_domain::prompt::Line;
use waifu_domain::relationship::{
    Cause, Horizon, Interaction, InteractionKind, Relationship, RelationshipState, StandingEntry,
};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::Speaker;
use waifu_domain::user::Person;
use waifu_domain::waifu::WaifuProfile;

use crate::builders::rule_book;

/// So many rows decide her mood.
const NEWEST: usize = 5;

#[derive(Debug)]
pub(super) struct Model {
    pub(super) catalogue: Catalogue,
    waifu: WaifuProfile,
    person: Person,
    /// As they met; what has moved since is in `state`.
    met: Relationship,
    seq: u64,
    version: u32,
    /// It forgets no row.
    pub(super) state: RelationshipState,
    pub(super) rows: Vec<Interaction>,
    pub(super) occurrences: Vec<EventOccurrence>,
    pub(super) turns: Vec<Turn>,
}

#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) id: TurnId,
    pub(super) said: Option<String>,
    answer: Option<String>,
    is_void: bool,
}

impl Model {
    pub(super) fn new(
        met: Relationship,
        waifu: WaifuProfile,
        person: Person,
        catalogue: Catalogue,
    ) -> Self {
        Self {
            catalogue,
            waifu,
            person,
            seq: 0,
            version: 0,
            state: RelationshipState {
                met_at: Some(met.created_at),
                ..RelationshipState::strangers()
            },
            met,
            rows: Vec::new(),
            occurrences: Vec::new(),
            turns: Vec::new(),
        }
    }

    pub(super) fn judge(
        &self,
        state: &RelationshipState,
        act: &Act<'_>,
        now: Timestamp,
    ) -> Result<Verdict, Refusal> {
        let setting = Setting {
            waifu: &self.waifu,
            person: &self.person,
            events: &self.catalogue.events,
        };
        rule_book().judge(setting, state, act, now)
    }

    pub(super) fn relationship(&self) -> Relationship {
        let state = self.state.clone();
        let mut relationship = Relationship {
            affection: state.affection,
            level: state.level,
            facts: state.facts,
            last_interaction: state.last_interaction,
            counts: state.counts,
            deeds: state.deeds,
            ..self.met.clone()
        };
        relationship.head.seq = self.seq;
        relationship.head.version = self.version;
        relationship.head.entry_no = number(self.rows.len());
        relationship
    }

    /// The state as a store gives it: with the rows of the windows and the newest five, and events by key.
    pub(super) fn state_within(&self, horizon: Horizon) -> RelationshipState {
        let felt = felt(&self.state.entries);
        let newest = felt.len().saturating_sub(NEWEST);
        let entries = felt.into_iter().enumerate().filter(|(place, entry)| {
            let opens = if entry.kind == InteractionKind::Chat {
                horizon.chats
            } else {
                horizon.deeds
            };
            *place >= newest || entry.at > opens
        });
        RelationshipState {
            entries: entries.map(|(_, entry)| entry).collect(),
            ..self.state.clone()
        }
    }

    /// An act that was judged on this state is written.
    pub(super) fn write(&mut self, verdict: Verdict, append: &Append) {
        self.seq += append.events.len() as u64;
        if let Some(moved) = &append.moved {
            self.version += 1;
            self.rows.extend(moved.entries.iter().cloned());
        }
        self.state = verdict.state_after;
        for occurrence in &append.closed {
            let mut known = self.occurrences.iter_mut();
            let known = known.find(|known| known.id == occurrence.id);
            known.expect("it was opened").clone_from(occurrence);
        }
        self.occurrences.extend(append.opened.iter().cloned());
        let last = &mut self.state.last_occurrences;
        for opened in &append.opened {
            last.retain(|last| last.event != opened.event);
            last.push(opened.clone());
        }
        last.sort_by(|one, other| one.event.cmp(&other.event));
    }

    /// So many events that move nothing.
    pub(super) fn note_events(&mut self, events: usize) {
        self.seq += events as u64;
    }

    pub(super) fn begin_turn(&mut self, turn: TurnRef, said: Option<&str>) {
        assert_eq!(turn.turn_no, number(self.turns.len()) + 1);
        self.turns.push(Turn {
            id: turn.turn_id,
            said: said.map(str::to_owned),
            answer: None,
            is_void: false,
        });
    }

    pub(super) fn answer(&mut self, text: &str) {
        let last = self.turns.last_mut().expect("a turn has begun");
        last.answer = Some(text.to_owned());
    }

    /// What stands of what was said, oldest first.
    pub(super) fn history(&self) -> Vec<Line> {
        let line = |speaker, text: &String| Line {
            speaker,
            text: text.clone(),
        };
        let stands = self.turns.iter().filter(|turn| !turn.is_void);
        stands
            .flat_map(|turn| {
                let said = turn.said.iter().map(|text| line(Speaker::User, text));
                let answer = turn.answer.iter().map(|text| line(Speaker::Waifu, text));
                said.chain(answer)
            })
            .collect()
    }

    pub(super) fn void_chats(&mut self, from_turn_no: u32) -> VoidedTurns {
        let mut voided = VoidedTurns::default();
        for (turn, no) in self.turns.iter_mut().zip(1..) {
            if no >= from_turn_no && turn.said.is_some() && !turn.is_void {
                turn.is_void = true;
                voided.turns.push(turn.id);
                voided.last_turn_no = no;
            }
        }
        voided
    }

    pub(super) fn first_chat_row(&self, turns: &BTreeSet<TurnId>) -> Option<u32> {
        let mut rows = self.rows.iter();
        let first = rows.find(
            |row| matches!(row.cause, Cause::Turn { turn_id, .. } if turns.contains(&turn_id)),
        )?;
        Some(first.place.no)
    }

    /// What the user said in the turn of a chat row.
    pub(super) fn said(&self, row: &Interaction) -> Option<&str> {
        let Cause::Turn { turn_id, .. } = row.cause else {
            return None;
        };
        let turn = self.turns.iter().find(|turn| turn.id == turn_id)?;
        turn.said.as_deref()
    }
}

/// The rows at which the user was there: no rule looks at others.
pub(super) fn felt(entries: &[StandingEntry]) -> Vec<StandingEntry> {
    let entries = entries.iter().filter(|entry| entry.kind.is_presence());
    entries.cloned().collect()
}

pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).expect("histories are short")
}
