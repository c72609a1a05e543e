//! Entries as operators write them: what is refused says where and why.

use serde::de::DeserializeOwned;
use waifu_domain::catalogue::{DatePlan, Gift};
use waifu_domain::events::{EventDefinition, Repeat, Trigger};

const EVENT: &str = r#"
title = "A walk"
scene = "She would like to walk a little."
trigger = { on = "first", kind = "chat" }
repeat = "once"
lifetime_days = 30

[[choices]]
key = "walk"
label = "Walk with her"
effect = 5
line = "They walk."
"#;

const GATE: &str = r#"
title = "A question"
scene = "She asks."
trigger = { on = "gate" }

[[choices]]
key = "yes"
label = "Yes"
effect = 10
passes_gate = true
line = "Yes."
"#;

const GIFT: &str = r#"
name = "A cake"
description = "With strawberries."
tags = ["sweets"]
base = 5
"#;

const DATE: &str = r#"
name = "A walk"
description = "Along the river."
tags = ["outdoors"]
base = 5
cooldown_hours = 72
"#;

const ONE_MORE: &str = r#"
[[choices]]
key = "walk"
label = "Walk with her"
effect = 5
line = "They walk."
"#;

#[test]
fn an_event_comes_back_from_its_own_json() {
    for text in [EVENT, GATE] {
        let event: EventDefinition = toml::from_str(text).expect("a valid event");
        let json = serde_json::to_string(&event).expect("plain data");
        assert_eq!(
            serde_json::from_str::<EventDefinition>(&json).expect("its own"),
            event
        );
    }
}

#[test]
fn what_is_left_out_is_the_least() {
    let gate: EventDefinition = toml::from_str(GATE).expect("a valid event");
    assert_eq!((gate.trigger, gate.repeat), (Trigger::Gate, Repeat::Once));
    let gift: Gift = toml::from_str(GIFT).expect("a valid gift");
    assert_eq!(gift.least_level.get(), 0);
    assert!(!gift.keepsake && !gift.presses_for_return && gift.requires.is_empty());
    let date: DatePlan = toml::from_str(DATE).expect("a valid date");
    assert_eq!(date.cooldown(), time::Duration::days(3));
}

#[test]
fn an_event_has_1_to_6_choices_of_different_names() {
    let none = EVENT.split("[[choices]]").next().expect("a head");
    refused::<EventDefinition>(
        &format!("{none}choices = []"),
        "choices must be 1 to 6, are 0",
    );
    let renamed = |no: u32| ONE_MORE.replace("\"walk\"", &format!("\"walk_{no}\""));
    let six: String = (1..=5).map(renamed).collect();
    toml::from_str::<EventDefinition>(&format!("{EVENT}{six}")).expect("six are few enough");
    let seven: String = (1..=6).map(renamed).collect();
    refused::<EventDefinition>(&format!("{EVENT}{seven}"), "choices must be 1 to 6, are 7");
    refused::<EventDefinition>(
        &format!("{EVENT}{ONE_MORE}"),
        "choices: there are two with the key walk",
    );
}

#[test]
fn what_warms_her_comes_again_after_a_week_at_the_earliest() {
    let every = |days: u32, effect: i32| {
        let text = EVENT.replace("\"once\"", &format!("{{ cooldown_days = {days} }}"));
        text.replace("effect = 5", &format!("effect = {effect}"))
    };
    refused::<EventDefinition>(
        &every(6, 1),
        "repeat: the choice walk has an effect above 0, which wants once, yearly, or a cooldown of at least 7 days",
    );
    toml::from_str::<EventDefinition>(&every(7, 1)).expect("a week is enough");
    toml::from_str::<EventDefinition>(&every(6, 0)).expect("nothing is gained");
}

#[test]
fn what_comes_every_year_ends_within_60_days() {
    let yearly = EVENT.replace("\"once\"", "\"yearly\"");
    let why = "lifetime_days: what comes every year must end within 1 to 60 days";
    refused::<EventDefinition>(&yearly.replace("lifetime_days = 30", ""), why);
    refused::<EventDefinition>(&yearly.replace("= 30", "= 61"), why);
    toml::from_str::<EventDefinition>(&yearly.replace("= 30", "= 60")).expect("it ends");
}

#[test]
fn an_event_that_opens_a_gate_has_nothing_but_choices_and_one_that_passes() {
    let with = |line: &str| GATE.replace("trigger", &format!("{line}\ntrigger"));
    for (line, field) in [
        ("requires = { least_level = 1 }", "requires"),
        ("repeat = \"yearly\"\nlifetime_days = 9", "repeat"),
        ("lifetime_days = 9", "lifetime_days"),
        ("on_expiry = { unlocks = [\"key\"] }", "on_expiry"),
        ("presses_for_return = true", "presses_for_return"),
    ] {
        let why = format!("{field}: an event that opens a gate has none");
        refused::<EventDefinition>(&with(line), &why);
    }
    refused::<EventDefinition>(
        &GATE.replace("passes_gate = true", ""),
        "choices: an event that opens a gate needs one that passes it",
    );
    refused::<EventDefinition>(
        &EVENT.replace("effect = 5", "effect = 5\npasses_gate = true"),
        "choices: only an event that opens a gate can pass one, and walk does",
    );
}

#[test]
fn numbers_and_words_have_bounds_and_names_are_known() {
    refused::<EventDefinition>(
        &EVENT.replace("effect = 5", "effect = 21"),
        "must be -20 to 20, is 21",
    );
    refused::<EventDefinition>(
        &EVENT.replace("\"once\"", "\"often\""),
        "expected once, yearly, or { cooldown_days = 1 to 3650 }",
    );
    refused::<EventDefinition>(
        &EVENT.replace("\"chat\"", "\"decay\""),
        "unknown variant `decay`",
    );
    refused::<EventDefinition>(
        &EVENT.replace("scene", "scenery"),
        "unknown field `scenery`",
    );
    refused::<EventDefinition>(
        &EVENT.replace("\"Walk with her\"", "\" \""),
        "must be 1 to 120 characters",
    );
    refused::<Gift>(&GIFT.replace("= 5", "= 11"), "must be 1 to 10, is 11");
    refused::<Gift>(
        &format!("{GIFT}least_level = 11"),
        "a level must be 0 to 10, is 11",
    );
    refused::<DatePlan>(&DATE.replace("= 5", "= 16"), "must be 1 to 15, is 16");
    refused::<DatePlan>(&DATE.replace("= 72", "= 0"), "must be 1 to 8760, is 0");
}

fn refused<T: DeserializeOwned + std::fmt::Debug>(text: &str, why: &str) {
    let found = toml::from_str::<T>(text).expect_err(why).to_string();
    assert!(found.contains(why), "{found}");
}
