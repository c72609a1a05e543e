//! One turn of a [`super::MemoryStore`], and its runs.

use time::Duration;
use tokio::time::Instant;
use waifu_app::ports::store::{Candidate, NewReaction, NewRun};
use waifu_app::ports::turn_store::{NewTurn, Reply, Settlement, TurnRef};
use waifu_domain::affection::Appraisal;
use waifu_domain::ids::{ClientMessageId, ConversationId, MessageId, ProcessId, TurnId};
use waifu_domain::prompt::Line;
use waifu_domain::relationship::{Cause, Interaction, Pair};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{
    Message, MessagePart, MessageText, RunNo, RunStatus, Speaker, TurnKind, plain_text,
};

#[derive(Debug)]
pub(super) struct Turn {
    pub(super) id: TurnId,
    pub(super) no: u32,
    pub(super) kind: TurnKind,
    pub(super) pair: Pair,
    conversation_id: ConversationId,
    /// `None` when she answers what he did.
    pub(super) said: Option<Said>,
    pub(super) cause: Option<Cause>,
    appraisal: Option<Appraisal>,
    at: Timestamp,
    /// In their order; a turn has at least one.
    runs: Vec<Run>,
    /// Whose words are her answer.
    chosen: Option<RunNo>,
}

#[derive(Debug)]
pub(super) struct Said {
    pub(super) client_message_id: ClientMessageId,
    message_id: MessageId,
    pub(super) text: MessageText,
}

#[derive(Debug)]
pub(super) struct Run {
    pub(super) no: RunNo,
    pub(super) process: ProcessId,
    pub(super) leased_until: Instant,
    pub(super) words: String,
    pub(super) ending: Option<Settlement>,
}

impl Turn {
    pub(super) fn started(new: NewTurn, no: u32, conversation_id: ConversationId) -> Self {
        Self {
            id: new.turn_id,
            no,
            kind: TurnKind::Chat,
            pair: new.pair,
            conversation_id,
            said: Some(Said {
                client_message_id: new.client_message_id,
                message_id: new.message_id,
                text: new.text,
            }),
            cause: None,
            appraisal: new.appraisal,
            at: new.at,
            runs: vec![Run::started(1, new.process, new.lease)],
            chosen: None,
        }
    }

    pub(super) fn reacting(
        new: &NewReaction,
        pair: Pair,
        no: u32,
        conversation_id: ConversationId,
    ) -> Self {
        Self {
            id: new.turn_id,
            no,
            kind: new.kind,
            pair,
            conversation_id,
            said: None,
            cause: Some(new.cause.clone()),
            appraisal: None,
            at: new.at,
            runs: vec![Run::started(1, new.process, new.lease)],
            chosen: None,
        }
    }

    pub(super) fn start_again(&mut self, again: &NewRun) -> TurnRef {
        let run = Run::started(self.run().no + 1, again.process, again.lease);
        self.runs.push(run);
        self.reference()
    }

    /// Its words, if it has some, are her answer from now on.
    pub(super) fn end(&mut self, settlement: Settlement) {
        let has_words = settlement.reply.is_some();
        let run = self.run_mut();
        run.words.clear();
        run.ending = Some(settlement);
        if has_words {
            self.chosen = Some(self.run().no);
        }
    }

    pub(super) fn choose(&mut self, run: RunNo) {
        self.chosen = Some(run);
    }

    /// As its newest run is spoken of.
    pub(super) fn reference(&self) -> TurnRef {
        TurnRef {
            turn_id: self.id,
            turn_no: self.no,
            run: self.run().no,
            message_id: self.said.as_ref().map(|said| said.message_id),
        }
    }

    /// The newest.
    pub(super) fn run(&self) -> &Run {
        self.runs.last().expect("a turn has at least one run")
    }

    pub(super) fn run_mut(&mut self) -> &mut Run {
        self.runs.last_mut().expect("a turn has at least one run")
    }

    pub(super) fn is_streaming(&self) -> bool {
        self.run().ending.is_none()
    }

    pub(super) fn status(&self) -> RunStatus {
        self.run().status()
    }

    /// `None` when one of its runs has moved affection.
    pub(super) fn appraisal(&self) -> Option<Appraisal> {
        let mut endings = self.endings();
        let has_moved = endings.any(|ending| ending.append.moved.is_some());
        self.appraisal.filter(|_| !has_moved)
    }

    /// The ledger rows that it wrote.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Interaction> {
        let moved = self
            .endings()
            .filter_map(|ending| ending.append.moved.as_ref());
        moved.flat_map(|moved| &moved.entries)
    }

    pub(super) fn candidates(&self) -> impl Iterator<Item = Candidate> {
        let replies = self.runs.iter().filter_map(|run| Some((run, run.reply()?)));
        replies.map(|(run, reply)| Candidate {
            turn_id: self.id,
            run: run.no,
            message_id: reply.message_id,
            is_chosen: self.chosen == Some(run.no),
        })
    }

    pub(super) fn message(&self) -> Option<Message> {
        let said = self.said.as_ref()?;
        let (id, text) = (said.message_id, said.text.as_str());
        Some(self.spoken(id, Speaker::User, text, RunStatus::Completed, self.at))
    }

    /// What this run said.
    pub(super) fn reply_of(&self, run: RunNo) -> Option<Message> {
        let run = self.runs.iter().find(|other| other.no == run)?;
        let (reply, at) = (run.reply()?, run.ending.as_ref()?.at);
        let (id, text) = (reply.message_id, &*reply.text);
        Some(Message {
            emotion: Some(reply.emotion),
            ..self.spoken(id, Speaker::Waifu, text, run.status(), at)
        })
    }

    /// Those of all its runs too.
    pub(super) fn messages(&self) -> impl Iterator<Item = Message> {
        let replies = self.runs.iter().filter_map(|run| self.reply_of(run.no));
        self.message().into_iter().chain(replies)
    }

    /// As a history shows it.
    pub(super) fn lines(&self) -> Vec<Line> {
        let answer = self.chosen.and_then(|run| self.reply_of(run));
        let shown = self.message().into_iter().chain(answer);
        let lines = shown.map(|message| Line {
            speaker: message.speaker,
            text: plain_text(&message.parts),
        });
        lines.collect()
    }

    fn endings(&self) -> impl Iterator<Item = &Settlement> {
        self.runs.iter().filter_map(|run| run.ending.as_ref())
    }

    fn spoken(
        &self,
        id: MessageId,
        speaker: Speaker,
        text: &str,
        status: RunStatus,
        created_at: Timestamp,
    ) -> Message {
        Message {
            id,
            conversation_id: self.conversation_id,
            turn_id: self.id,
            turn_no: self.no,
            speaker,
            parts: vec![MessagePart::text(text)],
            status,
            emotion: None,
            created_at,
        }
    }
}

impl Run {
    fn started(no: RunNo, process: ProcessId, lease: Duration) -> Self {
        Self {
            no,
            process,
            leased_until: after(lease),
            words: String::new(),
            ending: None,
        }
    }

    pub(super) fn renew(&mut self, lease: Duration, words: &str) {
        self.leased_until = after(lease);
        words.clone_into(&mut self.words);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.ending.is_none() && self.leased_until <= Instant::now()
    }

    fn status(&self) -> RunStatus {
        let ending = self.ending.as_ref();
        ending.map_or(RunStatus::Streaming, |ending| ending.status.into())
    }

    fn reply(&self) -> Option<&Reply> {
        self.ending.as_ref()?.reply.as_ref()
    }
}

fn after(lease: Duration) -> Instant {
    Instant::now() + std::time::Duration::try_from(lease).expect("leases are not negative")
}
