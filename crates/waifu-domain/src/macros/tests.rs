use std::collections::BTreeSet;

use proptest::prelude::*;
use time::macros::datetime;

use super::*;

const SETTING: MacroSetting = MacroSetting {
    char: "Yuki",
    user: "Kim",
    original: "Be kind.",
    local_time: datetime!(2026-03-05 07:08:09),
    seed: 7,
};

fn told(text: &str) -> String {
    expand(text, &SETTING)
}

#[test]
fn macros_give_way_to_what_they_stand_for() {
    for (text, expected) in [
        ("{{char}} waits for {{user}}.", "Yuki waits for Kim."),
        ("{{CHAR}}, {{ User }}", "Yuki, Kim"),
        ("{{original}} And short.", "Be kind. And short."),
        ("It is {{time}} on {{date}}.", "It is 07:08 on 2026-03-05."),
        ("a{{// nobody reads {{user}} }}b{{comment: this}}c", "abc"),
        ("<USER> <Bot> <char>", "Kim Yuki Yuki"),
        ("{{{user}}}", "{Kim}"),
        (
            "{{random:only}}{{random::only}}{{pick: only }}",
            "onlyonlyonly",
        ),
        (r"{{random:a\,b}}", "a,b"),
        ("{{random:}}", ""),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn what_nobody_knows_stays_as_it_is() {
    for text in [
        "{{roll:6}}",
        "{{random}}",
        "{{user:x}}",
        "{{}}",
        "{{",
        "}}",
        "{user}",
        "{{user",
        "{{us\ner}}",
        "<users> <us",
        "</user>",
        "<é>",
    ] {
        assert_eq!(told(text), text);
    }
    assert_eq!(told("{{roll:{{user}}}}"), "{{roll:Kim}}");
}

#[test]
fn what_is_drawn_is_not_expanded_again() {
    assert_eq!(told("{{random:{{user}}}}"), "{{user}}");
}

#[test]
fn what_is_drawn_is_one_of_the_list_and_any_of_it() {
    for (list, items) in [
        (":a,b,c", ["a", "b", "c"]),
        ("::a::b::c", ["a", "b", "c"]),
        ("::a, b, c", ["a", "b", "c"]),
        ("::a,b::c::d", ["a,b", "c", "d"]),
    ] {
        for name in ["random", "pick"] {
            let text = format!("{{{{{name}{list}}}}}");
            let drawn: BTreeSet<String> = (0..64)
                .map(|seed| expand(&text, &MacroSetting { seed, ..SETTING }))
                .collect();
            assert_eq!(drawn, items.map(str::to_owned).into(), "{text}");
        }
    }
}

#[test]
fn each_random_draws_for_itself_and_each_pick_of_a_list_the_same() {
    let random = told(&"{{random:0,1,2,3}}".repeat(64));
    for digit in ['0', '1', '2', '3'] {
        assert!(random.contains(digit), "{random}");
    }
    let pick = told(&"{{pick:0,1,2,3}}".repeat(64));
    assert_eq!(pick.replace(&pick[..1], ""), "");
}

#[test]
fn a_text_that_would_grow_beyond_the_limit_ends_as_it_is() {
    let name = "n".repeat(1_000);
    let setting = MacroSetting {
        user: &name,
        ..SETTING
    };
    let text = "{{user}}{{char}}".repeat(10_000);
    let expanded = expand(&text, &setting);
    let growth = expanded.len() - text.len();
    assert!(growth <= GROWTH && growth > GROWTH - 2_000, "{growth}");
    assert!(expanded.ends_with("{{user}}{{char}}"));
}

#[test]
fn braces_without_end_take_no_longer_than_others() {
    // Quadratic work would be minutes.
    for piece in ["{{", "{", "{{user", "}}", "<", "{{random:,", "{{//"] {
        let text = piece.repeat(400_000 / piece.len());
        assert_eq!(told(&text), text);
    }
    let nested = "{{x".repeat(50_000) + &"}}".repeat(50_000);
    assert_eq!(told(&nested), nested);
}

fn bits() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{{", "}}", "{", "}", "user", "char", "random:", "pick::", "::", ",", "\\", "//", "<USER>",
        "<", ">", " ", "é猫", "original", "time", "comment:", "\n",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_expands_to_the_same_each_time_within_the_limit(text in prop_oneof![bits(), any::<String>()], seed: u64) {
        let setting = MacroSetting { seed, ..SETTING };
        let expanded = expand(&text, &setting);
        prop_assert!(expanded.len() <= text.len() + GROWTH);
        prop_assert_eq!(expanded, expand(&text, &setting));
    }

    #[test]
    fn text_without_braces_and_angles_stays_as_it_is(text in "[^{<]*") {
        prop_assert_eq!(told(&text), text);
    }

    #[test]
    fn what_a_value_holds_is_never_expanded(before in "[a-z ]{0,9}", name in bits(), after in "[a-z ]{0,9}") {
        let setting = MacroSetting { user: &name, char: &name, original: &name, ..SETTING };
        for form in ["{{user}}", "{{char}}", "{{original}}", "<BOT>"] {
            let expanded = expand(&format!("{before}{form}{after}"), &setting);
            prop_assert_eq!(expanded, format!("{before}{name}{after}"));
        }
    }
}
