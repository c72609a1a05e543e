//! Values that tests start from, with sensible defaults: change a field with struct update syntax, as in
//! `Waifu { visibility: Visibility::Private, ..waifu() }`.

use serde_json::json;
use time::Duration;
use uuid::Uuid;
use waifu_app::ports::passwords::PasswordHash;
use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{NewUser, Session};
use waifu_app::ports::turn_store::{
    Append, Authority, DurableEvent, FirstMeeting, Moved, NewTurn, Reply, Settlement, Standing,
};
use waifu_domain::affection::{Act, Appraisal, RuleBook, Verdict};
use waifu_domain::events::{EventOccurrence, OccurrenceState};
use waifu_domain::ids::{ProcessId, UserId};
use waifu_domain::relationship::{Interaction, LedgerPlace, Pair, Relationship, RelationshipState};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{EndReason, EndStatus, MessageText, Usage};
use waifu_domain::user::{AgeGroup, DisplayName, Person, Role, User, Username};
use waifu_domain::waifu::{Owner, Visibility, Waifu, WaifuProfile};

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
    User {
        id: fresh(),
        username: username(name),
        display_name: display_name(name),
        role: Role::User,
        age_group: AgeGroup::Adult,
        created_at: moment(0),
    }
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
        entries_since: entries_since(at),
        first_meeting: FirstMeeting {
            relationship_id: fresh(),
            conversation_id: fresh(),
            epoch: fresh(),
        },
    }
}

/// The same message once more, with new ids of the server's, as a client's retry makes it.
pub fn retry_of(turn: &NewTurn) -> NewTurn {
    NewTurn {
        turn_id: fresh(),
        message_id: fresh(),
        first_meeting: FirstMeeting {
            relationship_id: fresh(),
            conversation_id: fresh(),
            epoch: fresh(),
        },
        ..turn.clone()
    }
}

pub fn entries_since(at: Timestamp) -> Timestamp {
    at.minus(RuleBook::shipped().longest_window())
}

/// A whole answer, judged by the shipped rule book and settled by the holder of the lease.
pub fn settlement(
    standing: &Standing,
    process: ProcessId,
    reply: &str,
    at: Timestamp,
) -> Settlement {
    let reply = Reply {
        message_id: fresh(),
        text: reply.to_owned(),
    };
    let usage = Usage {
        prompt_tokens: 321,
        completion_tokens: 12,
    };
    let mut append = match standing.appraisal {
        Some(appraisal) => {
            let act = Act::Chat {
                turn_id: standing.turn.turn_id,
                appraisal,
            };
            judged(
                &standing.relationship,
                &standing.state,
                &standing.waifu.profile,
                standing.person,
                &act,
                at,
            )
        }
        None => unmoved(&standing.relationship, at),
    };
    append.events.push(DurableEvent::TurnDone {
        turn_id: standing.turn.turn_id,
        run: standing.turn.run,
        status: EndStatus::Completed,
        reason: None,
        message_id: Some(reply.message_id),
        usage: Some(usage),
    });
    Settlement {
        turn: standing.turn,
        conversation_id: standing.conversation_id,
        authority: Authority::Holder(process),
        status: EndStatus::Completed,
        reason: None,
        usage: Some(usage),
        at,
        reply: Some(reply),
        append,
    }
}

/// A run that ends without a word: nothing moves.
pub fn failure(standing: &Standing, process: ProcessId, at: Timestamp) -> Settlement {
    let mut append = unmoved(&standing.relationship, at);
    append.events.push(DurableEvent::TurnDone {
        turn_id: standing.turn.turn_id,
        run: standing.turn.run,
        status: EndStatus::Failed,
        reason: Some(EndReason::ProviderFailed),
        message_id: None,
        usage: None,
    });
    Settlement {
        turn: standing.turn,
        conversation_id: standing.conversation_id,
        authority: Authority::Holder(process),
        status: EndStatus::Failed,
        reason: Some(EndReason::ProviderFailed),
        usage: None,
        at,
        reply: None,
        append,
    }
}

/// Nothing at all at the relationship's head.
pub fn unmoved(relationship: &Relationship, at: Timestamp) -> Append {
    Append {
        relationship_id: relationship.id,
        expected: relationship.head,
        moved: None,
        opened: Vec::new(),
        events: Vec::new(),
        at,
    }
}

/// An operator's correction of so many points.
pub fn adjustment(
    relationship: &Relationship,
    state: &RelationshipState,
    points: i32,
    at: Timestamp,
) -> Append {
    let act = Act::Adjustment {
        points,
        operator_id: fresh(),
        reason: "a correction".to_owned(),
    };
    let adult = Person {
        age_group: AgeGroup::Adult,
    };
    judged(relationship, state, &profile("Himari"), adult, &act, at)
}

/// What `act` does by the shipped rule book.
pub fn judged(
    relationship: &Relationship,
    state: &RelationshipState,
    waifu: &WaifuProfile,
    person: Person,
    act: &Act,
    at: Timestamp,
) -> Append {
    let verdict = RuleBook::shipped()
        .judge(waifu, &person, state, act, at)
        .expect("tests judge acts that can be");
    let opened: Vec<_> = verdict
        .opened_events
        .iter()
        .map(|event| EventOccurrence {
            id: fresh(),
            event: event.clone(),
            opened_at: at,
            expires_at: None,
            state: OccurrenceState::Pending,
        })
        .collect();
    let entries = interactions(relationship, &verdict);
    let mut append = Append {
        moved: Some(Moved {
            entries,
            state: verdict.state_after,
        }),
        ..unmoved(relationship, at)
    };
    let head = append.head_after();
    append.events.push(DurableEvent::RelationshipUpdated {
        entry_no: head.entry_no,
        version: head.version,
    });
    append
        .events
        .extend(opened.iter().map(|occurrence| DurableEvent::EventOpened {
            occurrence_id: occurrence.id,
        }));
    append.opened = opened;
    append
}

fn interactions(relationship: &Relationship, verdict: &Verdict) -> Vec<Interaction> {
    let rule_book = RuleBook::shipped().hash();
    (relationship.head.entry_no + 1..)
        .zip(verdict.rows.iter().cloned())
        .map(|(no, row)| {
            let place = LedgerPlace {
                id: fresh(),
                relationship_id: relationship.id,
                no,
            };
            row.into_interaction(place, rule_book)
        })
        .collect()
}
