//! Each trigger opens its event when it should, and not a moment earlier.

use serde_json::{Value, json};
use time::macros::date;
use waifu_domain::affection::{Appraisal, Refusal};

use crate::birthdays::moment;
use crate::life::{Life, Request};
use crate::lives::{Deed, Which};
use crate::people::{aiko, day, slug, zone};
use crate::unlocks::{add_event, give, with_gifts};

#[test]
fn the_first_of_a_kind_opens_it() {
    let mut life = waiting_for(&json!({"on": "first", "kind": "gift"}));
    assert!(!opens(
        &mut life,
        Deed::Say(Appraisal::Warm),
        "2026-01-05T18:00:00Z"
    ));
    give(&mut life, "cake", moment("2026-01-05T18:01:00Z")).expect("a gift");
    assert_eq!(life.occurrences.len(), 1);
}

#[test]
fn the_third_that_stands_opens_it() {
    let mut life = waiting_for(&json!({"on": "nth", "kind": "chat", "n": 3}));
    let say = Deed::Say(Appraisal::Warm);
    assert!(!opens(&mut life, say, "2026-01-05T18:00:00Z"));
    assert!(!opens(&mut life, say, "2026-01-05T18:01:00Z"));
    assert!(!opens(&mut life, Deed::Rewind(0), "2026-01-05T18:02:00Z"));
    assert!(
        !opens(&mut life, say, "2026-01-05T18:03:00Z"),
        "one was taken back"
    );
    assert!(opens(&mut life, say, "2026-01-05T18:04:00Z"));
}

#[test]
fn a_level_opens_it() {
    let mut life = waiting_for(&json!({"on": "level", "level": 3}));
    assert!(!opens(&mut life, Deed::Adjust(59), "2026-01-05T18:00:00Z"));
    assert!(opens(&mut life, Deed::Adjust(1), "2026-01-05T18:00:00Z"));
}

#[test]
fn affection_opens_it() {
    let mut life = waiting_for(&json!({"on": "affection", "points": 350}));
    assert!(!opens(&mut life, Deed::Adjust(349), "2026-01-05T18:00:00Z"));
    assert!(opens(&mut life, Deed::Adjust(1), "2026-01-05T18:00:00Z"));
}

#[test]
fn whole_days_since_they_met_open_it() {
    let mut life = waiting_for(&json!({"on": "days_known", "days": 30}));
    assert!(!opens(
        &mut life,
        Deed::Say(Appraisal::Warm),
        "2026-01-05T18:00:00Z"
    ));
    assert!(!opens(
        &mut life,
        Deed::Visit,
        "2026-02-04T17:59:59.999999Z"
    ));
    assert!(opens(&mut life, Deed::Visit, "2026-02-04T18:00:00Z"));
}

#[test]
fn a_return_after_whole_days_without_a_word_opens_it() {
    let cold = Deed::Say(Appraisal::Cold);
    for back in [cold, Deed::Visit] {
        let away_for_ten_days = || {
            let mut life = waiting_for(&json!({"on": "days_absent", "days": 10}));
            assert!(!opens(&mut life, cold, "2026-01-05T18:00:00Z"));
            life
        };
        let mut early = away_for_ten_days();
        assert!(!opens(&mut early, back, "2026-01-15T17:59:59.999999Z"));
        let mut life = away_for_ten_days();
        let adjusted = opens(&mut life, Deed::Adjust(9), "2026-01-15T18:00:00Z");
        assert!(!adjusted, "an operator is not the user");
        let rewound = opens(&mut life, Deed::Rewind(0), "2026-01-15T18:00:00Z");
        assert!(!rewound, "nor is a step back a return");
        assert!(opens(&mut life, back, "2026-01-15T18:00:00Z"));
    }
}

#[test]
fn her_birthday_opens_it_on_the_users_day() {
    let mut life = waiting_for(&json!({"on": "her_birthday"}));
    life.waifu.personality.birthday = Some(day(3, 15));
    life.person.time_zone = zone("Asia/Tokyo");
    assert!(!opens(
        &mut life,
        Deed::Visit,
        "2026-03-14T14:59:59.999999Z"
    ));
    assert!(opens(&mut life, Deed::Visit, "2026-03-14T15:00:00Z"));

    let mut life = waiting_for(&json!({"on": "her_birthday"}));
    life.waifu.personality.birthday = Some(day(3, 15));
    life.person.time_zone = zone("America/Los_Angeles");
    assert!(!opens(
        &mut life,
        Deed::Visit,
        "2026-03-15T06:59:59.999999Z"
    ));
    assert!(opens(&mut life, Deed::Visit, "2026-03-16T06:59:59.999999Z"));
    let mut life = waiting_for(&json!({"on": "her_birthday"}));
    assert!(
        !opens(&mut life, Deed::Visit, "2026-03-15T12:00:00Z"),
        "she has none"
    );
}

#[test]
fn the_users_birthday_opens_it_in_any_year() {
    let mut life = waiting_for(&json!({"on": "user_birthday"}));
    assert!(
        !opens(&mut life, Deed::Visit, "2026-02-28T12:00:00Z"),
        "it is not known"
    );
    life.person.birthday = Some(date!(2004 - 02 - 29));
    assert!(!opens(&mut life, Deed::Visit, "2026-03-01T00:00:00Z"));
    assert!(opens(&mut life, Deed::Visit, "2027-02-28T23:59:59Z"));
}

#[test]
fn the_day_on_which_they_met_opens_it_in_later_years() {
    let met_on = |met: &str| {
        let mut life = waiting_for(&json!({"on": "anniversary"}));
        life.person.time_zone = zone("Europe/Berlin");
        assert!(
            !opens(&mut life, Deed::Say(Appraisal::Warm), met),
            "not on the day itself"
        );
        life
    };
    // In Berlin it was the 6th.
    let mut life = met_on("2026-01-05T23:30:00Z");
    assert!(!opens(
        &mut life,
        Deed::Visit,
        "2027-01-05T22:59:59.999999Z"
    ));
    assert!(opens(&mut life, Deed::Visit, "2027-01-05T23:00:00Z"));
    let mut life = met_on("2028-02-29T12:00:00Z");
    assert!(!opens(&mut life, Deed::Visit, "2029-03-01T12:00:00Z"));
    assert!(opens(&mut life, Deed::Visit, "2030-02-28T12:00:00Z"));
}

#[test]
fn a_day_of_the_calendar_opens_it() {
    let new_year = json!({"on": "day", "month": 1, "day": 1});
    let mut life = waiting_for(&new_year);
    life.person.time_zone = zone("Pacific/Kiritimati");
    assert!(!opens(
        &mut life,
        Deed::Visit,
        "2026-12-31T09:59:59.999999Z"
    ));
    assert!(opens(&mut life, Deed::Visit, "2026-12-31T10:00:00Z"));
}

#[test]
fn what_comes_yearly_comes_again_after_300_days_of_its_opening() {
    let mut life = waiting_for(&json!({"on": "affection", "points": 0}));
    change_event(&mut life, &json!({"repeat": "yearly", "lifetime_days": 30}));
    assert!(opens(&mut life, Deed::Visit, "2026-01-05T18:00:00Z"));
    answer(&mut life, "2026-01-20T18:00:00Z");
    assert!(!opens(
        &mut life,
        Deed::Visit,
        "2026-11-01T17:59:59.999999Z"
    ));
    assert!(opens(&mut life, Deed::Visit, "2026-11-01T18:00:00Z"));
}

#[test]
fn a_cooldown_counts_from_the_answer_or_the_end() {
    for is_answered in [true, false] {
        let mut life = waiting_for(&json!({"on": "affection", "points": 0}));
        change_event(
            &mut life,
            &json!({"repeat": {"cooldown_days": 10}, "lifetime_days": 5}),
        );
        assert!(opens(&mut life, Deed::Visit, "2026-01-05T18:00:00Z"));
        if is_answered {
            answer(&mut life, "2026-01-10T17:00:00Z");
            assert!(!opens(
                &mut life,
                Deed::Visit,
                "2026-01-20T16:59:59.999999Z"
            ));
            assert!(opens(&mut life, Deed::Visit, "2026-01-20T17:00:00Z"));
        } else {
            assert!(!opens(&mut life, Deed::Visit, "2026-01-11T18:00:00Z"));
            assert!(!opens(
                &mut life,
                Deed::Visit,
                "2026-01-20T17:59:59.999999Z"
            ));
            assert!(opens(&mut life, Deed::Visit, "2026-01-20T18:00:00Z"));
        }
    }
}

#[test]
fn an_event_that_has_run_out_can_not_be_answered_in_the_very_moment() {
    let mut life = waiting_for(&json!({"on": "affection", "points": 0}));
    change_event(&mut life, &json!({"lifetime_days": 5}));
    assert!(opens(&mut life, Deed::Visit, "2026-01-05T18:00:00Z"));
    let nod = Request::Choice {
        occurrence: life.occurrences[0].clone(),
        choice: slug("nod"),
    };
    let tried = |now| {
        life.judge(&nod, &life.state, 0, moment(now))
            .map(|verdict| verdict.rows.len())
    };
    assert_eq!(tried("2026-01-10T17:59:59.999999Z"), Ok(1));
    assert_eq!(tried("2026-01-10T18:00:00Z"), Err(Refusal::EventExpired));
}

/// Two who have not met, one gift, and one event that comes once.
fn waiting_for(trigger: &Value) -> Life {
    let mut life = with_gifts(aiko(), &[("cake", 1)]);
    add_event(&mut life, "scene", &json!({"trigger": trigger}));
    life
}

fn change_event(life: &mut Life, fields: &Value) {
    let event = &life.catalogue.events[&slug("scene")];
    let mut changed = json!({"trigger": event.trigger});
    for (field, value) in fields.as_object().expect("fields by name") {
        changed[field] = value.clone();
    }
    add_event(life, "scene", &changed);
}

/// Whether the event comes up with this deed.
fn opens(life: &mut Life, deed: Deed, now: &str) -> bool {
    let before = life.occurrences.len();
    life.perform(deed, moment(now)).expect("nothing to refuse");
    life.occurrences.len() > before
}

fn answer(life: &mut Life, now: &str) {
    let which = Which::Pending(0);
    life.perform(Deed::Answer { which, choice: 0 }, moment(now))
        .expect("it pends");
}
