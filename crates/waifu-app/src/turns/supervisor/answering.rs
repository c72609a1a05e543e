//! Her answer: from what is stored to what is settled, with no connection of the store held in between.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tracing::error;
use waifu_domain::prompt::Occasion;
use waifu_domain::relationship::Pair;

use super::{Inner, Reaction};
use crate::log::chain;
use crate::ports::turn_store::{Authority, Opening, TurnRef};
use crate::turns::hub::Podium;
use crate::turns::news::Numbered;
use crate::turns::registry::{Place, Streaming};
use crate::turns::scene::scene;
use crate::turns::stream::Stage;

/// Where a run of this process speaks.
pub(super) struct Stand {
    podium: Podium,
    streaming: Streaming,
}

impl Inner {
    /// From here on the run's words are followed, and it can be cancelled.
    pub(super) fn stand(
        &self,
        place: Place,
        pair: Pair,
        turn: TurnRef,
        news: Vec<Numbered>,
    ) -> Stand {
        let streaming = place.stream(turn.turn_id, turn.run);
        let speech = Arc::clone(&streaming.speech);
        let podium = self.parts.hub.open(pair, news, speech);
        Stand { podium, streaming }
    }

    /// Her words about what was done. A run whose opening can't be read is left to a reaper.
    pub(super) async fn react(&self, stand: Stand, pair: Pair, reaction: Reaction) {
        let horizon = self.parts.rule_book.horizon(self.parts.clock.now());
        let TurnRef { turn_id, run, .. } = reaction.turn;
        let history = self.limits.history;
        match self.parts.turns.opening(turn_id, history, horizon).await {
            Ok(Some(opening)) => return self.answer(stand, opening, reaction.occasion).await,
            Ok(None) => error!(turn = %turn_id, "failed to find a turn that was just started"),
            Err(error) => {
                error!(turn = %turn_id, error = chain(&error), "failed to read a turn's opening");
            }
        }
        self.parts.hub.lose(pair, (turn_id, run));
    }

    /// The model is asked with no connection of the store held.
    pub(super) async fn answer(&self, stand: Stand, opening: Opening, occasion: Occasion) {
        let Opening { standing, history } = opening;
        let turn = standing.turn;
        let said = occasion.said().to_owned();
        let scene = scene(&self.parts.rule_book, &standing, history, occasion);
        let stage = Stage {
            model: &*self.parts.model,
            provider: &self.provider,
            ids: &*self.parts.ids,
            limits: &self.limits,
            hurry: &self.hurry,
            podium: &stand.podium,
            streaming: &stand.streaming,
            asked: AtomicU64::new(0),
        };
        if let Some(ending) = stage.stream_reply(scene).await {
            let authority = Authority::Holder(self.process);
            self.recorder
                .settle(standing, Some(&said), authority, &ending)
                .await;
        } else {
            let pair = standing.relationship.pair;
            self.parts.hub.lose(pair, (turn.turn_id, turn.run));
        }
    }
}
