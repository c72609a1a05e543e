//! Her birthday: the first gift that she does not dislike counts more, and moving the day gains nothing.

use proptest::prelude::*;
use serde_json::json;
use time::Duration;
use waifu_domain::relationship::Cause;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::waifu::MonthDay;

use crate::life::{Life, Request};
use crate::lives::start;
use crate::people::{aiko, day, slug, zone};
use crate::unlocks::{add_gift, give, with_gifts};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn however_her_birthday_moves_one_gift_in_300_days_counts_for_it(
        gifts in prop::collection::vec((0i64..60, any::<bool>()), 1..60),
    ) {
        let mut life = with_gifts(aiko(), &[("cake", 5)]);
        let mut now = start();
        let mut last: Option<Timestamp> = None;
        for (days, is_moved_to_today) in gifts {
            now = now.plus(Duration::days(days));
            let today = MonthDay::of(life.person.time_zone.date_of(now));
            life.waifu.personality.birthday = is_moved_to_today.then_some(today);
            give(&mut life, "cake", now).expect("a gift");
            let is_due = last.is_none_or(|last| now.since(last) >= Duration::days(300));
            prop_assert_eq!(counted_for_birthday(&life), is_moved_to_today && is_due);
            if is_moved_to_today && is_due {
                last = Some(now);
            }
        }
    }
}

#[test]
fn the_birthday_gift_and_its_cap_count_threefold_where_the_user_lives() {
    let mut waifu = aiko();
    waifu.personality.birthday = Some(day(1, 6));
    let mut life = with_gifts(waifu, &[("cake", 10), ("rose", 10), ("book", 10)]);
    // 18:00 in Greenwich is 03:00 of the next day in Tokyo.
    give(&mut life, "cake", start()).expect("a gift");
    assert!(!counted_for_birthday(&life));
    life.person.time_zone = zone("Asia/Tokyo");
    give(&mut life, "rose", start()).expect("a gift");
    assert!(counted_for_birthday(&life));
    assert_eq!(life.affection(), 10 + 30);
    give(&mut life, "book", start()).expect("a gift");
    assert_eq!(life.affection(), 10 + 30, "the others keep their cap");
}

#[test]
fn a_disliked_gift_leaves_the_birthday_to_the_next_one() {
    let mut waifu = aiko();
    waifu.personality.birthday = Some(day(1, 5));
    waifu.personality.dislikes = [(slug("horror"), 3.try_into().expect("a weight"))].into();
    let mut life = with_gifts(waifu, &[("cake", 5)]);
    life.submit(Request::Adjustment(100), start())
        .expect("an adjustment");
    add_gift(&mut life, "film", &json!({"tags": ["horror"]}));
    give(&mut life, "film", start()).expect("a gift");
    assert_eq!((life.affection(), counted_for_birthday(&life)), (95, false));
    give(&mut life, "cake", start()).expect("a gift");
    assert_eq!((life.affection(), counted_for_birthday(&life)), (110, true));
}

#[test]
fn the_leap_day_is_kept_on_the_28th_of_february_of_a_common_year() {
    let mut waifu = aiko();
    waifu.personality.birthday = Some(day(2, 29));
    let given_on = |date: &str| {
        let mut life = with_gifts(waifu.clone(), &[("cake", 5)]);
        give(&mut life, "cake", moment(&format!("{date}T12:00:00Z"))).expect("a gift");
        counted_for_birthday(&life)
    };
    assert!(given_on("2026-02-28") && !given_on("2026-03-01"));
    assert!(given_on("2028-02-29") && !given_on("2028-02-28"));
}

fn counted_for_birthday(life: &Life) -> bool {
    let last = life.ledger.last().expect("a gift was given");
    matches!(
        last.cause,
        Cause::Gift {
            for_birthday: true,
            ..
        }
    )
}

pub(crate) fn moment(text: &str) -> Timestamp {
    serde_json::from_value(json!(text)).expect("a moment")
}
