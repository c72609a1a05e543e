use super::*;
use crate::prompt::PromptRole;

fn whys(book: &Lorebook, messages: &[&str]) -> Vec<(usize, Why)> {
    let fired = activated(book, messages).fired;
    fired
        .into_iter()
        .map(|fired| (fired.index, fired.why))
        .collect()
}

fn by_key(key: &str, message: usize) -> Why {
    Why::Key {
        key: key.to_owned(),
        message,
    }
}

#[test]
fn a_key_in_the_newest_messages_brings_its_entry_up() {
    let mut book = book(vec![
        entry(&["lighthouse", "  Keeper "], "Tall."),
        entry(&["harbour"], "Deep."),
    ]);
    let messages = [
        "Hello.",
        "The KEEPER of the lighthouse",
        "a harbour",
        "",
        "lighthouse",
    ];
    assert_eq!(
        whys(&book, &messages),
        [(0, by_key("lighthouse", 1)), (1, by_key("harbour", 2))]
    );
    book.settings.scan_depth = 2;
    assert_eq!(told(&book, &messages), [0]);
    book.settings.scan_depth = 0;
    assert_eq!(told(&book, &messages), [0; 0]);
}

#[test]
fn the_newest_message_with_any_key_is_told_whatever_the_order_of_keys() {
    let book = book(vec![entry(&["old", "new"], "Text.")]);
    assert_eq!(whys(&book, &["new", "old"]), [(0, by_key("new", 0))]);
}

#[test]
fn case_counts_for_an_entry_that_says_so() {
    let rose = LoreEntry {
        case_sensitive: true,
        ..entry(&["Rose"], "A name.")
    };
    let book = book(vec![rose, entry(&["Rose"], "A flower.")]);
    assert_eq!(told(&book, &["a rose"]), [1]);
    assert_eq!(told(&book, &["Rose's"]), [0, 1]);
}

#[test]
fn a_selective_entry_wants_a_second_key_in_any_message_it_looks_through() {
    let selective = LoreEntry {
        selective: true,
        secondary_keys: vec!["night".to_owned(), "fog".to_owned()],
        ..entry(&["lighthouse"], "Dark.")
    };
    let without = LoreEntry {
        secondary_keys: vec![" ".to_owned()],
        ..selective.clone()
    };
    let mut book = book(vec![selective, without]);
    assert_eq!(told(&book, &["lighthouse"]), [1]);
    assert_eq!(told(&book, &["lighthouse", "thick fog"]), [0, 1]);
    book.settings.scan_depth = 1;
    assert_eq!(told(&book, &["lighthouse", "thick fog"]), [1]);
    book.entries[0].selective = false;
    assert_eq!(told(&book, &["lighthouse"]), [0, 1]);
}

#[test]
fn constant_entries_come_up_without_keys_and_disabled_or_empty_ones_never() {
    let constant = LoreEntry {
        constant: true,
        ..entry(&[], "Always.")
    };
    let disabled = LoreEntry {
        enabled: false,
        ..constant.clone()
    };
    let empty = LoreEntry {
        content: "@@depth 1\n\n".to_owned(),
        ..constant.clone()
    };
    let book = book(vec![disabled, constant, empty, entry(&["", " "], "Never.")]);
    assert_eq!(whys(&book, &["  "]), [(1, Why::Constant)]);
}

#[test]
fn decorators_bring_up_hold_back_and_look_further() {
    let constant = |content: &str| LoreEntry {
        constant: true,
        ..entry(&["key"], content)
    };
    let book = book(vec![
        constant("@@dont_activate\nNever."),
        entry(&["key"], "@@activate\n@@dont_activate\nAlways."),
        entry(&["key"], "@@scan_depth 6\nFar."),
        entry(&["key"], "@@scan_depth 1\nNear."),
        entry(&["key"], "Between."),
    ]);
    assert_eq!(whys(&book, &[]), [(1, Why::Decorator)]);
    assert_eq!(told(&book, &["", "", "", "", "", "key"]), [1, 2]);
    assert_eq!(told(&book, &["", "key"]), [1, 2, 4]);
    assert_eq!(told(&book, &["key"]), [1, 2, 3, 4]);
}

#[test]
fn entries_stand_where_position_and_decorators_say() {
    let after = LoreEntry {
        position: LorePosition::AfterChar,
        ..entry(&[], "@@activate\nB")
    };
    let book = book(vec![
        entry(&[], "@@activate\nA"),
        after,
        entry(&[], "@@activate\n@@depth 4\nC"),
        entry(
            &[],
            "@@activate\n@@role assistant\n@@depth 0\n@@position moon\nD",
        ),
        entry(&[], "@@activate\n@@depth 2\n@@position after_desc\nE"),
    ]);
    let at_depth = |depth, role| Place::AtDepth { depth, role };
    let expected = [
        (Place::BeforeChar, "A"),
        (Place::AfterChar, "B"),
        (at_depth(4, PromptRole::System), "C"),
        (at_depth(0, PromptRole::Assistant), "D"),
        (Place::AfterChar, "E"),
    ];
    let fired = activated(&book, &[]).fired;
    let found: Vec<(Place, &str)> = fired
        .iter()
        .map(|fired| (fired.place, fired.text.as_str()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn what_entries_say_brings_others_up_when_the_book_says_so() {
    let mut book = book(vec![
        entry(&["island"], "On it stands a lighthouse."),
        entry(&["lighthouse"], "Its keeper is old. The island is small."),
        entry(&["keeper"], "He drinks tea."),
    ]);
    assert_eq!(told(&book, &["island"]), [0]);
    book.settings.recursive_scanning = true;
    let by_entry = |key: &str, by| Why::Recursion {
        key: key.to_owned(),
        by,
    };
    assert_eq!(
        whys(&book, &["island"]),
        [
            (0, by_key("island", 0)),
            (1, by_entry("lighthouse", 0)),
            (2, by_entry("keeper", 1)),
        ]
    );
}

#[test]
fn a_chain_of_entries_ends() {
    let links = (0..50).map(|link| entry(&[&format!("k{link}")], &format!("k{}", link + 1)));
    let mut book = book(links.collect());
    book.settings.recursive_scanning = true;
    assert_eq!(told(&book, &["k0"]), (0..9).collect::<Vec<_>>());
}

#[test]
fn patterns_bring_up_what_they_match_and_broken_ones_are_named() {
    let pattern = |key: &str| LoreEntry {
        use_regex: true,
        ..entry(&[key], "Text.")
    };
    let disabled = LoreEntry {
        enabled: false,
        ..pattern("(")
    };
    let book = book(vec![
        pattern(r"/\bdrag(on|oon)s?\b/i"),
        pattern("(wyrm"),
        pattern(r"\d{3}"),
        pattern(r"(?i)\w{100}"),
        disabled,
    ]);
    let activation = activated(&book, &["“Dragoons” of 1812", "wyrm (wyrm"]);
    let indexes: Vec<usize> = activation.fired.iter().map(|fired| fired.index).collect();
    assert_eq!(indexes, [0, 2]);
    assert_eq!(
        activation.broken,
        [
            BrokenPattern {
                index: 1,
                key: "(wyrm".to_owned(),
                why: KeyFault::Invalid("unclosed group".to_owned()),
            },
            BrokenPattern {
                index: 3,
                key: r"(?i)\w{100}".to_owned(),
                why: KeyFault::TooLarge,
            },
        ]
    );
}

#[test]
fn keys_that_end_each_other_are_each_found() {
    let keys: Vec<String> = (1..40).map(|length| "猫".repeat(length)).collect();
    let book = book(keys.iter().map(|key| entry(&[key], "Text.")).collect());
    assert_eq!(
        told(&book, &["猫".repeat(20).as_str()]),
        (0..20).collect::<Vec<_>>()
    );
}
