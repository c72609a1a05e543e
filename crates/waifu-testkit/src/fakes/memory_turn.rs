//! One turn of a [`super::MemoryStore`], and its one run.

use time::Duration;
use tokio::time::Instant;
use waifu_app::ports::store::NewReaction;
use waifu_app::ports::turn_store::{NewTurn, Settlement, TurnRef};
use waifu_domain::affection::Appraisal;
use waifu_domain::ids::{ClientMessageId, MessageId, ProcessId};
use waifu_domain::prompt::Line;
use waifu_domain::relationship::Pair;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{MessageText, Speaker, TurnKind};

#[derive(Debug)]
pub(super) struct Turn {
    pub(super) reference: TurnRef,
    pub(super) kind: TurnKind,
    pub(super) pair: Pair,
    /// `None` when she answers what he did.
    pub(super) said: Option<Said>,
    pub(super) appraisal: Option<Appraisal>,
    pub(super) at: Timestamp,
    pub(super) process: ProcessId,
    pub(super) leased_until: Instant,
    pub(super) words: String,
    pub(super) ending: Option<Settlement>,
}

#[derive(Debug)]
pub(super) struct Said {
    pub(super) client_message_id: ClientMessageId,
    pub(super) message_id: MessageId,
    pub(super) text: MessageText,
}

impl Turn {
    pub(super) fn started(new: NewTurn, turn_no: u32) -> Self {
        Self {
            reference: TurnRef {
                turn_id: new.turn_id,
                turn_no,
                run: 1,
                message_id: Some(new.message_id),
            },
            kind: TurnKind::Chat,
            pair: new.pair,
            said: Some(Said {
                client_message_id: new.client_message_id,
                message_id: new.message_id,
                text: new.text,
            }),
            appraisal: new.appraisal,
            at: new.at,
            process: new.process,
            leased_until: after(new.lease),
            words: String::new(),
            ending: None,
        }
    }

    pub(super) fn reacting(new: &NewReaction, pair: Pair, turn_no: u32) -> Self {
        Self {
            reference: TurnRef {
                turn_id: new.turn_id,
                turn_no,
                run: 1,
                message_id: None,
            },
            kind: new.kind,
            pair,
            said: None,
            appraisal: None,
            at: new.at,
            process: new.process,
            leased_until: after(new.lease),
            words: String::new(),
            ending: None,
        }
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.ending.is_none() && self.leased_until <= Instant::now()
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        let line = |speaker, text: &str| Line {
            speaker,
            text: text.to_owned(),
        };
        let reply = self.ending.as_ref().and_then(|e| e.reply.as_ref());
        let said = self.said.as_ref();
        let said = said.map(|said| line(Speaker::User, said.text.as_str()));
        let answered = reply.map(|reply| line(Speaker::Waifu, &reply.text));
        said.into_iter().chain(answered).collect()
    }
}

pub(super) fn after(lease: Duration) -> Instant {
    Instant::now() + std::time::Duration::try_from(lease).expect("leases are not negative")
}
