//! What a [`super::MemoryStore`] remembers, and the promises of a store of turns over it.

use std::collections::HashMap;
use std::sync::Arc;

use time::Duration;
use waifu_app::ports::store::{CatalogueEntry, Day, NewReaction, NewRun};
use waifu_app::ports::turn_store::{
    Accepted, Authority, DurableEvent, Heartbeat, NewTurn, Opening, Settled, Settlement, Standing,
    StreamingRun, TurnRef, Whereabouts,
};
use waifu_domain::ids::{ClientMessageId, ProcessId, RelationshipId, TurnId, UserId};
use waifu_domain::relationship::Pair;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{EndStatus, RunNo};
use waifu_domain::user::Person;
use waifu_domain::waifu::Waifu;

use super::memory_met::Met;
use super::memory_turn::{Said, Turn};
use crate::builders;

#[derive(Debug)]
pub(super) struct Memory {
    waifu: Arc<Waifu>,
    pub(super) catalogue: Vec<CatalogueEntry>,
    met: HashMap<Pair, Met>,
    turns: HashMap<TurnId, Turn>,
    pub(super) spent: HashMap<(UserId, Day), u64>,
}

impl Memory {
    pub(super) fn new(waifu: Waifu) -> Self {
        Self {
            waifu: Arc::new(waifu),
            catalogue: Vec::new(),
            met: HashMap::new(),
            turns: HashMap::new(),
            spent: HashMap::new(),
        }
    }

    pub(super) fn accept(&mut self, new: NewTurn) -> Accepted {
        if let Some((accepted, said)) = self.find(new.pair, new.client_message_id) {
            return if said.text == new.text {
                Accepted::Duplicate(accepted.reference())
            } else {
                Accepted::Mismatch
            };
        }
        if new.pair.waifu_id != self.waifu.id {
            return Accepted::NoSuchWaifu;
        }
        if let Some(running) = self.streaming_turn(new.pair) {
            return Accepted::Busy(running.reference());
        }
        let history_limit = new.history_limit;
        let met = self.met.entry(new.pair).or_insert_with(|| Met::first(&new));
        if new
            .conversation_id
            .is_some_and(|id| id != met.conversation_id)
        {
            return Accepted::NoSuchConversation;
        }
        let (turn_id, message_id, at) = (new.turn_id, new.message_id, new.at);
        let client_message_id = new.client_message_id;
        let turn = Turn::started(new, met.next_turn(turn_id), met.conversation_id);
        let events = DurableEvent::of_acceptance(turn.reference(), message_id, client_message_id);
        met.log(events, at);
        self.turns.insert(turn_id, turn);
        let opening = self.opening(turn_id, history_limit);
        Accepted::New(Box::new(opening.expect("it was inserted just now")))
    }

    /// With the event that says so.
    pub(super) fn start(&mut self, new: &NewReaction) -> TurnRef {
        let mut met = self.met.values_mut();
        let met = met.find(|met| met.relationship.id == new.relationship_id);
        let met = met.expect("a test starts a reaction of two who have met");
        let turn_no = met.next_turn(new.turn_id);
        let turn = Turn::reacting(new, met.relationship.pair, turn_no, met.conversation_id);
        let reference = turn.reference();
        met.log([DurableEvent::turn_started(reference, new.kind)], new.at);
        self.turns.insert(new.turn_id, turn);
        reference
    }

    /// With the event that says so.
    pub(super) fn start_again(&mut self, again: &NewRun) -> TurnRef {
        let pair = self.turns[&again.turn_id].pair;
        let streaming = self.streaming_turn(pair);
        assert!(streaming.is_none(), "another run streams: {streaming:?}");
        let met = self.met.get_mut(&pair).expect("a turn's two have met");
        let turn = self.turns.get_mut(&again.turn_id);
        let turn = turn.expect("a test starts a turn again that is");
        let reference = turn.start_again(again);
        met.log([DurableEvent::turn_started(reference, turn.kind)], again.at);
        reference
    }

    /// With the event that says so.
    pub(super) fn choose(&mut self, turn: TurnId, run: RunNo, at: Timestamp) {
        let turn = self
            .turns
            .get_mut(&turn)
            .expect("a test chooses of a turn that is");
        let message = turn.reply_of(run).expect("a test chooses words that are");
        turn.choose(run);
        let met = self.met.get_mut(&turn.pair).expect("a turn's two have met");
        let chosen = DurableEvent::TurnChosen {
            turn_id: turn.id,
            run,
            message_id: message.id,
        };
        met.log([chosen], at);
    }

    pub(super) fn opening(&self, turn: TurnId, history_limit: u32) -> Option<Opening> {
        let standing = self.standing(turn)?;
        let earlier = self.turns_of(standing.relationship.pair);
        let earlier = earlier.take_while(|turn| turn.id != standing.turn.turn_id);
        let mut history: Vec<_> = earlier.flat_map(Turn::lines).collect();
        let limit = usize::try_from(history_limit).expect("32 bits fit");
        history.drain(..history.len().saturating_sub(limit));
        Some(Opening { standing, history })
    }

    pub(super) fn standing(&self, turn: TurnId) -> Option<Standing> {
        let turn = self.turns.get(&turn)?;
        let met = &self.met[&turn.pair];
        let run = turn.run();
        Some(Standing {
            turn: turn.reference(),
            kind: turn.kind,
            conversation_id: met.conversation_id,
            ended: run.ending.as_ref().map(|ending| ending.status),
            appraisal: turn.appraisal(),
            words_so_far: run.words.clone(),
            waifu: Arc::clone(&self.waifu),
            user: builders::display_name("Ada").into(),
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
            Authority::Holder(process) => turn.run().process == process,
            Authority::LeaseExpired => turn.run().is_abandoned(),
            Authority::User => true,
        };
        if !turn.is_streaming() || turn.reference() != settlement.turn || !may {
            return Settled::EndedByAnother;
        }
        let met = self.met.get_mut(&turn.pair).expect("a turn's two have met");
        if !met.append(&settlement.append) {
            return Settled::Stale;
        }
        if let Some(spent) = settlement.spent {
            *self.spent.entry((spent.user_id, spent.day)).or_default() += u64::from(spent.tokens);
        }
        turn.end(settlement);
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
            let turn = self.turns.get_mut(&beat.turn_id);
            let run = turn
                .map(Turn::run_mut)
                .filter(|run| run.ending.is_none() && run.process == process && run.no == beat.run);
            match run {
                Some(run) => run.renew(lease, &beat.words),
                None => lost.push(beat.turn_id),
            }
        }
        lost
    }

    pub(super) fn abandoned(&self, limit: u32) -> Vec<TurnId> {
        let turns = self.turns.values();
        let mut abandoned: Vec<_> = turns.filter(|turn| turn.run().is_abandoned()).collect();
        abandoned.sort_by_key(|turn| (turn.run().leased_until, turn.id));
        abandoned.truncate(usize::try_from(limit).expect("32 bits fit"));
        abandoned.into_iter().map(|turn| turn.id).collect()
    }

    pub(super) fn whereabouts(&self, pairs: &[Pair]) -> Vec<Whereabouts> {
        let met = pairs.iter().filter_map(|pair| self.met.get(pair));
        met.map(|met| self.whereabouts_of(met)).collect()
    }

    fn whereabouts_of(&self, met: &Met) -> Whereabouts {
        let pair = met.relationship.pair;
        let streaming = self.streaming_turn(pair).map(|turn| StreamingRun {
            turn_id: turn.id,
            run: turn.run().no,
            process: turn.run().process,
            words: turn.run().words.clone(),
        });
        Whereabouts {
            pair,
            seq: met.relationship.head.seq,
            streaming,
        }
    }

    /// At most `limit` events of before `at`; each relationship's oldest go first.
    pub(super) fn forget_before(&mut self, at: Timestamp, limit: u32) -> u64 {
        let mut left = usize::try_from(limit).expect("32 bits fit");
        let mut forgotten = 0;
        for met in self.met.values_mut() {
            let old = met.log.iter().take_while(|logged| logged.at < at);
            let old = old.take(left).count();
            met.log.drain(..old);
            left -= old;
            forgotten += old as u64;
        }
        forgotten
    }

    pub(super) fn turn(&self, turn: TurnId) -> Option<&Turn> {
        self.turns.get(&turn)
    }

    pub(super) fn turns(&self) -> impl Iterator<Item = &Turn> {
        self.turns.values()
    }

    /// In their order.
    pub(super) fn turns_of(&self, pair: Pair) -> impl DoubleEndedIterator<Item = &Turn> {
        let ids = self.met.get(&pair).into_iter().flat_map(|met| &met.turns);
        ids.map(|id| &self.turns[id])
    }

    pub(super) fn streaming_turn(&self, pair: Pair) -> Option<&Turn> {
        self.turns_of(pair).find(|turn| turn.is_streaming())
    }

    pub(super) fn find(&self, pair: Pair, id: ClientMessageId) -> Option<(&Turn, &Said)> {
        let said = self.turns_of(pair);
        said.filter_map(|turn| Some((turn, turn.said.as_ref()?)))
            .find(|(_, said)| said.client_message_id == id)
    }

    pub(super) fn met(&self, pair: Pair) -> Option<&Met> {
        self.met.get(&pair)
    }

    pub(super) fn met_as(&self, relationship: RelationshipId) -> Option<&Met> {
        let mut met = self.met.values();
        met.find(|met| met.relationship.id == relationship)
    }

    pub(super) fn end_elsewhere(&mut self, turn: TurnId) {
        let standing = self.standing(turn).expect("a test ends a turn that is");
        let at = standing.relationship.created_at;
        let settlement = Settlement {
            status: EndStatus::Cancelled,
            ..builders::failure(&standing, self.turns[&turn].run().process, at)
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
}
