//! Values that tests start from, with sensible defaults: change a field with struct update syntax, as in
//! `Waifu { visibility: Visibility::Private, ..waifu() }`.

mod acts;
mod catalogue;

use std::sync::LazyLock;

use serde_json::json;
use time::Duration;
use uuid::Uuid;
use waifu_app::ports::passwords::PasswordHash;
use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{NewReaction, NewRun, NewUser, Session};
use waifu_app::ports::turn_store::{FirstMeeting, NewTurn, Standing};
use waifu_domain::affection::{Appraisal, RuleBook};
use waifu_domain::ids::{ProcessId, UserId};
use waifu_domain::relationship::{Cause, Horizon, Pair, Relationship};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{MessageText, TurnKind};
use waifu_domain::user::{DisplayName, User, Username};
use waifu_domain::waifu::{Owner, Visibility, Waifu, WaifuProfile};

pub use acts::{
    NO_EVENTS, act_of_an_adult, adjustment, answered, cancellation, failure, judged, of_verdict,
    settlement, unmoved,
};
pub use catalogue::{catalogue_document, date_plan, entry, event, gate, gift};

/// An id that no other call returns.
#[expect(
    clippy::disallowed_methods,
    reason = "the home of the ids that tests use"
)]
pub fn fresh<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

/// So many seconds after 2026-01-05T18:00:00.123456Z.
pub fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_767_636_000_123_456).plus(Duration::seconds(seconds))
}

pub fn slug(text: &str) -> Slug {
    text.parse().expect("tests write valid slugs")
}

pub fn display_name(text: &str) -> DisplayName {
    text.to_owned()
        .try_into()
        .expect("tests write valid display names")
}

pub fn username(text: &str) -> Username {
    text.to_owned()
        .try_into()
        .expect("tests write valid usernames")
}

pub fn message(text: &str) -> MessageText {
    text.to_owned()
        .try_into()
        .expect("tests write valid messages")
}

/// An adult who is no operator.
pub fn user(name: &str) -> User {
    User::new(fresh(), username(name), moment(0))
}

pub fn new_user(user: User) -> NewUser {
    NewUser {
        user,
        password_hash: PasswordHash("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA".to_owned()),
    }
}

/// A session whose current token is `token` repeated.
pub fn session(user_id: UserId, token: u8) -> Session {
    Session {
        id: fresh(),
        user_id,
        token: TokenHash([token; 32]),
        previous_token: None,
        created_at: moment(0),
        rotated_at: moment(0),
        expires_at: moment(86_400),
        revoked_at: None,
        family: None,
    }
}

/// A public companion of the house, without a key.
pub fn waifu() -> Waifu {
    Waifu {
        id: fresh(),
        key: None,
        seeded_version: None,
        owner: Owner::House,
        visibility: Visibility::Public,
        profile: profile("Himari"),
        version: 1,
        created_at: moment(0),
        updated_at: moment(0),
        deleted_at: None,
    }
}

/// Every stat is 50, so that factors are 1; likes, dislikes and unknown keys are there.
pub fn profile(name: &str) -> WaifuProfile {
    serde_json::from_value(json!({
        "name": name,
        "personality": {
            "archetype": "gentle",
            "description": "Keeps a bookshop.",
            "traits": {"shy": 40},
            "likes": {"books": 3, "tea": 1},
            "dislikes": {"noise": 2},
            "speech_style": {"description": "soft", "phrases": ["my, my"], "pitch": 3},
            "greetings": ["Oh! Hello."],
            "birthday": {"month": 2, "day": 29},
            "favourite_colour": "teal",
        },
        "appearance": {"hair": "black", "eyes": "brown", "cards": [1, {"b": null}]},
        "stats": {"warmth": 50, "dexterity": 12},
    }))
    .expect("the profile is valid")
}

/// A warm message at `moment(0)` with a lease of a minute, as the first one of the two.
pub fn new_turn(pair: Pair, process: ProcessId, text: &str) -> NewTurn {
    new_turn_at(pair, process, text, moment(0))
}

/// As [`new_turn`]; the rules look back for as long as the shipped rule book wants.
pub fn new_turn_at(pair: Pair, process: ProcessId, text: &str, at: Timestamp) -> NewTurn {
    NewTurn {
        turn_id: fresh(),
        pair,
        conversation_id: None,
        client_message_id: fresh(),
        message_id: fresh(),
        text: message(text),
        appraisal: Some(Appraisal::Warm),
        process,
        lease: Duration::minutes(1),
        at,
        history_limit: 40,
        horizon: horizon(at),
        first_meeting: first_meeting(),
    }
}

/// The same message once more, with new ids of the server's, as a client's retry makes it.
pub fn retry_of(turn: &NewTurn) -> NewTurn {
    NewTurn {
        turn_id: fresh(),
        message_id: fresh(),
        first_meeting: first_meeting(),
        ..turn.clone()
    }
}

pub fn first_meeting() -> FirstMeeting {
    FirstMeeting {
        relationship_id: fresh(),
        conversation_id: fresh(),
        epoch: fresh(),
    }
}

/// To a gift, with a lease of a minute, by her first version.
pub fn reaction(relationship: &Relationship, process: ProcessId, at: Timestamp) -> NewReaction {
    NewReaction {
        turn_id: fresh(),
        relationship_id: relationship.id,
        kind: TurnKind::Gift,
        cause: Cause::Gift {
            gift: slug("crane"),
            for_birthday: false,
        },
        waifu_version: 1,
        process,
        lease: Duration::minutes(1),
        at,
    }
}

/// Another run of a turn, with a lease of a minute.
pub fn another_run(standing: &Standing, process: ProcessId, at: Timestamp) -> NewRun {
    NewRun {
        turn_id: standing.turn.turn_id,
        relationship_id: standing.relationship.id,
        process,
        lease: Duration::minutes(1),
        at,
    }
}

/// The shipped rule book, read once.
pub fn rule_book() -> &'static RuleBook {
    static SHIPPED: LazyLock<RuleBook> = LazyLock::new(RuleBook::shipped);
    &SHIPPED
}

/// As far back as the shipped rule book wants.
pub fn horizon(at: Timestamp) -> Horizon {
    rule_book().horizon(at)
}

/// As far back as this for every kind.
pub fn since(moment: Timestamp) -> Horizon {
    Horizon {
        chats: moment,
        deeds: moment,
    }
}
