//! What a [`super::MemoryStore`] remembers, and the promises of a store of turns over it.

use std::collections::HashMap;
use std::sync::Arc;

use time::Duration;
use waifu_app::ports::store::{CatalogueEntry, LedgerRow, NewReaction, TurnOutcome};
use waifu_app::ports::turn_store::{
    Accepted, Append, Authority, Heartbeat, NewTurn, Opening, Settled, Settlement, Standing,
    TurnRef,
};
use waifu_domain::events::EventOccurrence;
use waifu_domain::ids::{ClientMessageId, ConversationId, ProcessId, RelationshipId, TurnId};
use waifu_domain::relationship::{
    Affection, Counts, Deeds, Head, Level, Pair, Relationship, RelationshipState,
};
use waifu_domain::turn::{EndStatus, Message, MessagePart, RunStatus, Speaker};
use waifu_domain::user::Person;
use waifu_domain::waifu::Waifu;

use super::memory_turn::{Said, Turn, after};
use crate::builders;

#[derive(Debug)]
pub(super) struct Memory {
    waifu: Arc<Waifu>,
    pub(super) catalogue: Vec<CatalogueEntry>,
    met: HashMap<Pair, Met>,
    turns: HashMap<TurnId, Turn>,
}

#[derive(Debug)]
struct Met {
    relationship: Relationship,
    state: RelationshipState,
    conversation_id: ConversationId,
    /// In their order.
    turns: Vec<TurnId>,
}

impl Memory {
    pub(super) fn new(waifu: Waifu) -> Self {
        Self {
            waifu: Arc::new(waifu),
            catalogue: Vec::new(),
            met: HashMap::new(),
            turns: HashMap::new(),
        }
    }

    pub(super) fn accept(&mut self, new: NewTurn) -> Accepted {
        if let Some((accepted, said)) = self.find(new.pair, new.client_message_id) {
            return if said.text == new.text {
                Accepted::Duplicate(accepted.reference)
            } else {
                Accepted::Mismatch
            };
        }
        if new.pair.waifu_id != self.waifu.id {
            return Accepted::NoSuchWaifu;
        }
        let earlier = self.turns_of(new.pair);
        if let Some(running) = earlier.iter().find(|turn| turn.ending.is_none()) {
            return Accepted::Busy(running.reference);
        }
        let history_limit = new.history_limit;
        let met = self.met.entry(new.pair).or_insert_with(|| Met::first(&new));
        if new
            .conversation_id
            .is_some_and(|id| id != met.conversation_id)
        {
            return Accepted::NoSuchConversation;
        }
        met.relationship.head.seq += 2;
        let turn_no = met.next_turn(new.turn_id);
        let turn = Turn::started(new, turn_no);
        let turn_id = turn.reference.turn_id;
        self.turns.insert(turn_id, turn);
        let opening = self.opening(turn_id, history_limit);
        Accepted::New(Box::new(opening.expect("it was inserted just now")))
    }

    /// With the event that says so.
    pub(super) fn start(&mut self, new: &NewReaction) -> TurnRef {
        let mut met = self.met.values_mut();
        let met = met.find(|met| met.relationship.id == new.relationship_id);
        let met = met.expect("a test starts a reaction of two who have met");
        met.relationship.head.seq += 1;
        let turn_no = met.next_turn(new.turn_id);
        let turn = Turn::reacting(new, met.relationship.pair, turn_no);
        let reference = turn.reference;
        self.turns.insert(new.turn_id, turn);
        reference
    }

    pub(super) fn opening(&self, turn: TurnId, history_limit: u32) -> Option<Opening> {
        let standing = self.standing(turn)?;
        let earlier = self.turns_of(standing.relationship.pair);
        let earlier = earlier
            .into_iter()
            .take_while(|turn| turn.reference != standing.turn);
        let mut history: Vec<_> = earlier.flat_map(Turn::lines).collect();
        let limit = usize::try_from(history_limit).expect("32 bits fit");
        history.drain(..history.len().saturating_sub(limit));
        Some(Opening { standing, history })
    }

    pub(super) fn standing(&self, turn: TurnId) -> Option<Standing> {
        let turn = self.turns.get(&turn)?;
        let met = &self.met[&turn.pair];
        let has_moved = turn
            .ending
            .as_ref()
            .is_some_and(|ending| ending.append.moved.is_some());
        Some(Standing {
            turn: turn.reference,
            kind: turn.kind,
            conversation_id: met.conversation_id,
            ended: turn.ending.as_ref().map(|ending| ending.status),
            appraisal: turn.appraisal.filter(|_| !has_moved),
            words_so_far: turn.words.clone(),
            waifu: Arc::clone(&self.waifu),
            user_name: builders::display_name("Ada"),
            person: Person::adult(),
            relationship: met.relationship.clone(),
            state: met.state.clone(),
        })
    }

    pub(super) fn settle(&mut self, settlement: Settlement) -> Settled {
        let Some(turn) = self.turns.get_mut(&settlement.turn.turn_id) else {
            return Settled::EndedByAnother;
        };
        let may = match settlement.authority {
            Authority::Holder(process) => turn.process == process,
            Authority::LeaseExpired => turn.is_abandoned(),
        };
        if turn.ending.is_some() || turn.reference != settlement.turn || !may {
            return Settled::EndedByAnother;
        }
        let met = self.met.get_mut(&turn.pair).expect("a turn's two have met");
        if !met.append(&settlement.append) {
            return Settled::Stale;
        }
        turn.words.clear();
        turn.ending = Some(settlement);
        Settled::Done
    }

    pub(super) fn beat(
        &mut self,
        process: ProcessId,
        lease: Duration,
        beats: &[Heartbeat],
    ) -> Vec<TurnId> {
        let mut lost = Vec::new();
        for beat in beats {
            let turn = self.turns.get_mut(&beat.turn_id).filter(|turn| {
                turn.ending.is_none() && turn.process == process && turn.reference.run == beat.run
            });
            if let Some(turn) = turn {
                turn.words = beat.words.to_string();
                turn.leased_until = after(lease);
            } else {
                lost.push(beat.turn_id);
            }
        }
        lost
    }

    pub(super) fn abandoned(&self, limit: u32) -> Vec<TurnId> {
        let mut abandoned: Vec<_> = self.turns.values().filter(|t| t.is_abandoned()).collect();
        abandoned.sort_by_key(|turn| (turn.leased_until, turn.reference.turn_id));
        abandoned.truncate(usize::try_from(limit).expect("32 bits fit"));
        let ids = abandoned.iter().map(|turn| turn.reference.turn_id);
        ids.collect()
    }

    pub(super) fn outcome(&self, turn: TurnId) -> Option<TurnOutcome> {
        let turn = self.turns.get(&turn)?;
        let met = &self.met[&turn.pair];
        let ending = turn.ending.as_ref();
        let message = |id, speaker, text: &str, status, created_at| Message {
            id,
            conversation_id: met.conversation_id,
            turn_id: turn.reference.turn_id,
            turn_no: turn.reference.turn_no,
            speaker,
            parts: vec![MessagePart::text(text)],
            status,
            created_at,
        };
        let reply = ending.and_then(|ending| {
            let reply = ending.reply.as_ref()?;
            let (status, at) = (ending.status.into(), ending.at);
            let speaker = Speaker::Waifu;
            Some(message(reply.message_id, speaker, &reply.text, status, at))
        });
        let said = turn.said.as_ref();
        let interactions = ending
            .and_then(|ending| ending.append.moved.as_ref())
            .into_iter()
            .flat_map(|moved| moved.entries.iter().cloned())
            .map(|interaction| LedgerRow::new(interaction, said.map(|said| said.text.as_str())))
            .collect();
        Some(TurnOutcome {
            turn: turn.reference,
            relationship_id: met.relationship.id,
            kind: turn.kind,
            status: ending.map_or(RunStatus::Streaming, |ending| ending.status.into()),
            reason: ending.and_then(|ending| ending.reason),
            usage: ending.and_then(|ending| ending.usage),
            message: said.map(|said| {
                let (text, status) = (said.text.as_str(), RunStatus::Completed);
                message(said.message_id, Speaker::User, text, status, turn.at)
            }),
            reply,
            interactions,
        })
    }

    pub(super) fn turn_of(
        &self,
        relationship: RelationshipId,
        message: ClientMessageId,
    ) -> Option<TurnId> {
        let mut met = self.met.values();
        let met = met.find(|met| met.relationship.id == relationship)?;
        let (turn, _) = self.find(met.relationship.pair, message)?;
        Some(turn.reference.turn_id)
    }

    pub(super) fn relationship(&self, pair: Pair) -> Option<Relationship> {
        self.met.get(&pair).map(|met| met.relationship.clone())
    }

    pub(super) fn ending(&self, turn: TurnId) -> Option<Settlement> {
        self.turns.get(&turn)?.ending.clone()
    }

    pub(super) fn end_elsewhere(&mut self, turn: TurnId) {
        let standing = self.standing(turn).expect("a test ends a turn that is");
        let at = standing.relationship.created_at;
        let settlement = Settlement {
            status: EndStatus::Cancelled,
            ..builders::failure(&standing, self.turns[&turn].process, at)
        };
        assert_eq!(self.settle(settlement), Settled::Done);
    }

    pub(super) fn adjust(&mut self, turn: TurnId, points: i32) {
        let pair = self.turns[&turn].pair;
        let met = self.met.get_mut(&pair).expect("a turn's two have met");
        let at = met.relationship.created_at;
        let append = builders::adjustment(&met.relationship, &met.state, points, at);
        assert!(met.append(&append), "it was made at the head");
    }

    fn find(&self, pair: Pair, id: ClientMessageId) -> Option<(&Turn, &Said)> {
        let turns = self.turns.values().filter(|turn| turn.pair == pair);
        turns
            .filter_map(|turn| Some((turn, turn.said.as_ref()?)))
            .find(|(_, said)| said.client_message_id == id)
    }

    /// In their order.
    fn turns_of(&self, pair: Pair) -> Vec<&Turn> {
        let ids = self.met.get(&pair).into_iter().flat_map(|met| &met.turns);
        ids.map(|id| &self.turns[id]).collect()
    }
}

impl Met {
    fn first(turn: &NewTurn) -> Self {
        let relationship = Relationship {
            id: turn.first_meeting.relationship_id,
            pair: turn.pair,
            affection: Affection::NONE,
            level: Level::STRANGER,
            facts: std::collections::BTreeSet::new(),
            last_interaction: None,
            counts: Counts::default(),
            deeds: Deeds::default(),
            epoch: turn.first_meeting.epoch,
            head: Head {
                seq: 0,
                entry_no: 0,
                version: 0,
            },
            created_at: turn.at,
        };
        Self {
            relationship,
            state: RelationshipState {
                met_at: Some(turn.at),
                ..RelationshipState::strangers()
            },
            conversation_id: turn.first_meeting.conversation_id,
            turns: Vec::new(),
        }
    }

    /// Its number.
    fn next_turn(&mut self, turn: TurnId) -> u32 {
        self.turns.push(turn);
        u32::try_from(self.turns.len()).expect("a test takes few turns")
    }

    /// Whether the relationship was still at the head that was expected.
    fn append(&mut self, append: &Append) -> bool {
        let relationship = &mut self.relationship;
        if relationship.head != append.expected {
            return false;
        }
        relationship.head = append.head_after();
        if let Some(moved) = &append.moved {
            relationship.affection = moved.state.affection;
            relationship.level = moved.state.level;
            relationship.facts.clone_from(&moved.state.facts);
            relationship.last_interaction = moved.state.last_interaction;
            relationship.counts = moved.state.counts;
            relationship.deeds.clone_from(&moved.state.deeds);
            self.state = moved.state.clone();
        }
        let changed = append.closed.iter().chain(&append.opened);
        changed.for_each(|occurrence| self.remember(occurrence));
        true
    }

    fn remember(&mut self, occurrence: &EventOccurrence) {
        let occurrences = &mut self.state.last_occurrences;
        occurrences.retain(|last| last.event != occurrence.event);
        occurrences.push(occurrence.clone());
    }
}
