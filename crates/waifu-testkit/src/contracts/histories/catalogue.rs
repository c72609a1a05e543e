//! A catalogue in which everything can happen that an entry can say.

use serde_json::json;
use waifu_domain::catalogue::{Catalogue, DatePlans, Events, Gift, Gifts};
use waifu_domain::events::{EventDefinition, Repeat, Trigger};
use waifu_domain::relationship::{Affection, Level, Presence};
use waifu_domain::waifu::MonthDay;

use crate::builders::{catalogue_document, date_plan, event, gate, gift, slug};

pub(super) fn catalogue() -> Catalogue {
    Catalogue {
        gifts: gifts(),
        dates: dates(),
        events: events(),
    }
}

fn gifts() -> Gifts {
    let level = |level: u8| Level::try_from(level).expect("0 to 10");
    [
        ("crane", gift()),
        (
            "novel",
            Gift {
                tags: [slug("books"), slug("paper")].into(),
                keepsake: true,
                ..gift()
            },
        ),
        (
            "drum",
            Gift {
                tags: [slug("noise"), slug("books")].into(),
                ..gift()
            },
        ),
        (
            "ring",
            Gift {
                least_level: level(4),
                presses_for_return: true,
                ..gift()
            },
        ),
        (
            "envelope",
            Gift {
                requires: [slug("said_yes")].into(),
                ..gift()
            },
        ),
        (
            "ashes",
            Gift {
                requires: [slug("let_go")].into(),
                keepsake: true,
                ..gift()
            },
        ),
    ]
    .map(|(key, gift)| (slug(key), gift))
    .into()
}

fn dates() -> DatePlans {
    let library = catalogue_document(json!({
        "name": "The library",
        "description": "Until it closes.",
        "tags": ["books"],
        "base": 15,
        "least_level": 1,
        "cooldown_hours": 90,
    }));
    let mut concert = date_plan();
    concert.tags = [slug("noise")].into();
    [
        ("walk", date_plan()),
        ("library", library),
        ("concert", concert),
    ]
    .map(|(key, date)| (slug(key), date))
    .into()
}

fn events() -> Events {
    let days = |trigger: fn(Days) -> Trigger, days: i64| {
        trigger(days.try_into().expect("within a hundred years"))
    };
    let nth_gift = Trigger::Nth {
        kind: Presence::Gift,
        n: 3.try_into().expect("3 is a number"),
    };
    let level = Trigger::Level {
        level: Level::try_from(3).expect("0 to 10"),
    };
    let points = Trigger::Affection {
        points: Affection::clamped(100),
    };
    let first = |kind| Trigger::First { kind };
    let yearly = |trigger| repeating(&trigger, Repeat::Yearly);
    let once = |trigger| repeating(&trigger, Repeat::Once);
    let weekly = |trigger| event(&trigger, 9);
    let mut pressing = weekly(first(Presence::Event));
    pressing.presses_for_return = true;
    let mut locked = weekly(points.clone());
    locked.requires.unlocked = [slug("let_go")].into();
    [
        ("first_chat", once(first(Presence::Chat))),
        ("first_date", once(first(Presence::Date))),
        ("third_gift", weekly(nth_gift)),
        ("friends", weekly(level)),
        ("hundred", once(points)),
        (
            "a_month",
            once(days(|days| Trigger::DaysKnown { days }, 30)),
        ),
        ("back", weekly(days(|days| Trigger::DaysAbsent { days }, 5))),
        ("hers", yearly(Trigger::HerBirthday)),
        ("yours", yearly(Trigger::UserBirthday)),
        ("anniversary", yearly(Trigger::Anniversary)),
        (
            "spring",
            yearly(Trigger::Day(MonthDay::new(3, 20).expect("a day"))),
        ),
        ("pressing", pressing),
        ("locked", locked),
        ("confession", gate()),
        ("promise", gate()),
    ]
    .map(|(key, event)| (slug(key), event))
    .into()
}

type Days = waifu_domain::bounded::Bounded<1, 36_500>;

fn repeating(trigger: &Trigger, repeat: Repeat) -> EventDefinition {
    let mut event = event(trigger, 20);
    event.repeat = repeat;
    event
}
