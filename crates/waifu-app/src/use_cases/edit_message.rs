//! Another message in the place of one that was sent.

use std::sync::Arc;

use waifu_domain::ids::{ClientMessageId, TurnId, WaifuId};
use waifu_domain::turn::MessageText;

use super::acts::{ActError, Acts, Anew};
use super::await_answer::Answer;
use crate::caller::Caller;
use crate::ports::appraiser::Appraiser;

#[derive(Debug, Clone)]
pub struct EditMessage {
    pub appraiser: Arc<dyn Appraiser>,
    pub acts: Acts,
}

#[derive(Debug, Clone)]
pub struct EditedMessage {
    pub waifu_id: WaifuId,
    /// Whose message is another one from now on; its chat and all later ones are taken back.
    pub turn_id: TurnId,
    pub client_message_id: ClientMessageId,
    pub text: MessageText,
}

impl EditMessage {
    /// Returns when her answer is stored. The same message sent again waits for the same answer.
    pub async fn execute(&self, caller: Caller, edited: EditedMessage) -> Result<Answer, ActError> {
        let appraisal = self.appraiser.appraise(edited.text.as_str()).await;
        let anew = Anew {
            text: edited.text,
            client_message_id: edited.client_message_id,
            appraisal,
        };
        let (waifu, turn) = (edited.waifu_id, edited.turn_id);
        self.acts.say_anew(caller, waifu, turn, anew).await
    }
}
