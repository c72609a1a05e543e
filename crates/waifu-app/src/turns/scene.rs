//! What a prompt is made from.

use waifu_domain::affection::RuleBook;
use waifu_domain::prompt::{Line, Occasion, Scene};

use crate::ports::turn_store::Standing;

pub(super) fn scene(
    rule_book: &RuleBook,
    standing: &Standing,
    history: Vec<Line>,
    occasion: Occasion,
) -> Scene {
    let turn = standing.turn;
    Scene {
        waifu: standing.waifu.profile.clone(),
        user: standing.user.clone(),
        level: rule_book.level_that_counts(standing.state.level, standing.person.age_group),
        mood: standing.state.mood(),
        history,
        occasion,
        turn_id: turn.turn_id,
        turn_no: turn.turn_no,
        run: turn.run,
    }
}
