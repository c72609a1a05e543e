//! What she is told of what was done.

use waifu_domain::affection::Taste;
use waifu_domain::catalogue::{DatePlan, Gift};
use waifu_domain::events::{Choice, EventDefinition};
use waifu_domain::prompt::Occasion;
use waifu_domain::waifu::Personality;

pub(super) fn of_gift(gift: &Gift, personality: &Personality) -> Occasion {
    Occasion::Gift {
        name: gift.name.as_str().to_owned(),
        description: gift.description.as_str().to_owned(),
        taste: Taste::of(personality, &gift.tags),
    }
}

pub(super) fn of_date(date: &DatePlan, personality: &Personality) -> Occasion {
    Occasion::Date {
        name: date.name.as_str().to_owned(),
        description: date.description.as_str().to_owned(),
        taste: Taste::of(personality, &date.tags),
    }
}

pub(super) fn of_choice(event: &EventDefinition, choice: &Choice) -> Occasion {
    Occasion::Event {
        title: event.title.as_str().to_owned(),
        scene: event.scene.as_str().to_owned(),
        choice: choice.label.as_str().to_owned(),
        line: choice.line.as_str().to_owned(),
    }
}
