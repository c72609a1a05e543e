//! What a [`super::MemoryStore`] remembers, and the promises of a store of turns over it.

use std::collections::HashMap;
use std::sync::Arc;

use time::Duration;
use tokio::time::Instant;
use waifu_app::ports::store::{LedgerRow, TurnOutcome};
use waifu_app::ports::turn_store::{
    Accepted, Append, Authority, Heartbeat, NewTurn, Opening, Settled, Settlement, Standing,
    TurnRef,
};
use waifu_domain::events::LastOccurrence;
use waifu_domain::ids::{ClientMessageId, ConversationId, ProcessId, RelationshipId, TurnId};
use waifu_domain::prompt::Line;
use waifu_domain::relationship::{
    Affection, Head, InteractionKind, Level, Pair, Relationship, RelationshipState,
};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{
    EndStatus, Message, MessagePart, MessageText, RunStatus, Speaker, TurnKind,
};
use waifu_domain::user::{AgeGroup, Person};
use waifu_domain::waifu::Waifu;

use crate::builders;

#[derive(Debug)]
pub(super) struct Memory {
    waifu: Arc<Waifu>,
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

#[derive(Debug)]
struct Turn {
    reference: TurnRef,
    pair: Pair,
    client_message_id: ClientMessageId,
    text: MessageText,
    appraisal: Option<waifu_domain::affection::Appraisal>,
    at: Timestamp,
    process: ProcessId,
    leased_until: Instant,
    words: String,
    ending: Option<Settlement>,
}

impl Memory {
    pub(super) fn new(waifu: Waifu) -> Self {
        Self {
            waifu: Arc::new(waifu),
            met: HashMap::new(),
            turns: HashMap::new(),
        }
    }

    pub(super) fn accept(&mut self, new: NewTurn) -> Accepted {
        if let Some(accepted) = self.find(new.pair, new.client_message_id) {
            return if accepted.text == new.text {
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
        let mut history: Vec<_> = earlier.into_iter().flat_map(Turn::lines).collect();
        let limit = usize::try_from(new.history_limit).expect("32 bits fit");
        history.drain(..history.len().saturating_sub(limit));

        let met = self.met.entry(new.pair).or_insert_with(|| Met::first(&new));
        if new
            .conversation_id
            .is_some_and(|id| id != met.conversation_id)
        {
            return Accepted::NoSuchConversation;
        }
        met.turns.push(new.turn_id);
        met.relationship.head.seq += 2;
        let turn_no = u32::try_from(met.turns.len()).expect("a test takes few turns");
        let turn = Turn::started(new, turn_no);
        let turn_id = turn.reference.turn_id;
        self.turns.insert(turn_id, turn);
        let standing = self.standing(turn_id).expect("it was inserted just now");
        Accepted::New(Box::new(Opening { standing, history }))
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
            kind: TurnKind::Chat,
            conversation_id: met.conversation_id,
            ended: turn.ending.as_ref().map(|ending| ending.status),
            appraisal: turn.appraisal.filter(|_| !has_moved),
            words_so_far: turn.words.clone(),
            waifu: Arc::clone(&self.waifu),
            user_name: builders::display_name("Ada"),
            person: Person {
                age_group: AgeGroup::Adult,
            },
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
        let interactions = ending
            .and_then(|ending| ending.append.moved.as_ref())
            .into_iter()
            .flat_map(|moved| moved.entries.iter().cloned())
            .map(|interaction| LedgerRow {
                said: (interaction.kind == InteractionKind::Chat)
                    .then(|| turn.text.as_str().to_owned()),
                interaction,
            })
            .collect();
        Some(TurnOutcome {
            turn: turn.reference,
            relationship_id: met.relationship.id,
            kind: TurnKind::Chat,
            status: ending.map_or(RunStatus::Streaming, |ending| ending.status.into()),
            reason: ending.and_then(|ending| ending.reason),
            usage: ending.and_then(|ending| ending.usage),
            message: Some(message(
                turn.reference.message_id,
                Speaker::User,
                turn.text.as_str(),
                RunStatus::Completed,
                turn.at,
            )),
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
        let turn = self.find(met.relationship.pair, message)?;
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

    fn find(&self, pair: Pair, id: ClientMessageId) -> Option<&Turn> {
        self.turns
            .values()
            .find(|turn| turn.pair == pair && turn.client_message_id == id)
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
            state: RelationshipState::strangers(),
            conversation_id: turn.first_meeting.conversation_id,
            turns: Vec::new(),
        }
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
            self.state = moved.state.clone();
        }
        let opened = append.opened.iter().map(|occurrence| LastOccurrence {
            event: occurrence.event.clone(),
            state: occurrence.state,
            at: occurrence.opened_at,
        });
        self.state.last_occurrences.extend(opened);
        true
    }
}

impl Turn {
    fn started(new: NewTurn, turn_no: u32) -> Self {
        Self {
            reference: TurnRef {
                turn_id: new.turn_id,
                turn_no,
                run: 1,
                message_id: new.message_id,
            },
            pair: new.pair,
            client_message_id: new.client_message_id,
            text: new.text,
            appraisal: new.appraisal,
            at: new.at,
            process: new.process,
            leased_until: after(new.lease),
            words: String::new(),
            ending: None,
        }
    }

    fn is_abandoned(&self) -> bool {
        self.ending.is_none() && self.leased_until <= Instant::now()
    }

    fn lines(&self) -> Vec<Line> {
        let line = |speaker, text: &str| Line {
            speaker,
            text: text.to_owned(),
        };
        let reply = self.ending.as_ref().and_then(|e| e.reply.as_ref());
        let said = line(Speaker::User, self.text.as_str());
        let answered = reply.map(|reply| line(Speaker::Waifu, &reply.text));
        [Some(said), answered].into_iter().flatten().collect()
    }
}

fn after(lease: Duration) -> Instant {
    Instant::now() + std::time::Duration::try_from(lease).expect("leases are not negative")
}
