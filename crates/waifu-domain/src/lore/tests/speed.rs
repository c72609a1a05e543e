use std::time::{Duration, Instant};

use super::*;
use crate::prompt::Estimate;

const ENTRIES: usize = 10_000;

/// What an activation may take, by how the tests were built.
const BOUND: Duration = if cfg!(debug_assertions) {
    Duration::from_millis(500)
} else {
    Duration::from_millis(10)
};

/// The least of a few times: what it takes when nothing else has the processor.
fn time_of(book: &Lorebook, messages: &[&str]) -> (Duration, Activation) {
    let begun = Instant::now();
    let compiled = CompiledLorebook::new(book);
    let compiling = begun.elapsed();
    let times = (0..5).map(|_| {
        let begun = Instant::now();
        let activation = activate(&compiled, &Scan { messages }, &Estimate);
        (begun.elapsed(), activation)
    });
    let (time, activation) = times.min_by_key(|(time, _)| *time).unwrap();
    println!("compiled in {compiling:?}, activated in {time:?}");
    (time, activation)
}

fn of_patterns(count: usize, pattern: impl Fn(usize) -> String) -> Lorebook {
    let entries = (0..count).map(|number| LoreEntry {
        use_regex: true,
        ..entry(&[&pattern(number)], "A line of lore.")
    });
    book(entries.collect())
}

/// 8,000 characters each, as long as messages can be.
fn long_messages() -> [String; 4] {
    let prose =
        "The rain went on; nobody came, and the café’s cat slept by the door of 17 and 4242. ";
    [
        "a".repeat(7_999) + "!",
        "x".repeat(8_000),
        "axay ".repeat(1_600),
        prose.chars().cycle().take(8_000).collect(),
    ]
}

#[track_caller]
fn assert_quick(book: &Lorebook) -> Activation {
    let messages = long_messages();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    let (time, activation) = time_of(book, &messages);
    assert!(time < BOUND, "{time:?}");
    activation
}

#[test]
fn ten_thousand_catastrophic_patterns_are_no_catastrophe() {
    let activation = assert_quick(&of_patterns(ENTRIES, |number| match number % 4 {
        0 => "(a+)+$".to_owned(),
        1 => "(x|x)*y".to_owned(),
        2 => format!("(a+)+{number}$"),
        _ => format!("(x|x)*y{number}"),
    }));
    assert_eq!(activation.broken, []);
    assert!(activation.fired.iter().any(|fired| fired.index % 4 == 1));
}

#[test]
fn patterns_that_all_have_to_be_tried_end_in_time() {
    for pattern in [
        |number| format!("(a|a{{{}}})+{}$", 2 + number % 50, "a?".repeat(number / 50)),
        |number| {
            format!(
                "([a-z]+)*[0-9]{{{}}}[^a]{{{}}}[bq]",
                1 + number % 100,
                number / 100
            )
        },
        |number| {
            format!(
                "(a|b|x)*a[a-z]{{{}}}[^x].{{{}}}~?$",
                1 + number % 100,
                number / 100
            )
        },
        |number| {
            format!(
                r"\b(a|x)+\b.*\b\w{{{}}}[^я]{{{}}}[é~]",
                1 + number % 20,
                number / 20
            )
        },
    ] as [fn(usize) -> String; 4]
    {
        let broken = assert_quick(&of_patterns(1_000, pattern)).broken;
        assert!(
            broken
                .iter()
                .any(|broken| broken.why == KeyFault::TooMuchWork)
        );
    }
}

#[test]
fn ten_thousand_entries_with_plain_keys_are_quick() {
    let entries = (0..ENTRIES).map(|number| {
        let keys = [
            format!("word{number}"),
            format!("two words {number}"),
            number.to_string(),
        ];
        let keys = keys.each_ref().map(String::as_str);
        LoreEntry {
            case_sensitive: number % 2 == 0,
            ..entry(&keys, "A line of lore.")
        }
    });
    let mut book = book(entries.collect());
    book.settings.recursive_scanning = true;
    let fired = assert_quick(&book).fired;
    let indexes: Vec<usize> = fired.iter().map(|fired| fired.index).collect();
    assert_eq!(indexes, [17, 4242]);
}

#[test]
fn keys_that_end_each_other_are_quick() {
    let entries = (1..1_000).map(|length| entry(&[&"猫".repeat(length)], "猫"));
    let mut book = book(entries.collect());
    book.settings.recursive_scanning = true;
    let text = "猫".repeat(8_000);
    let (time, activation) = time_of(&book, &[&text, &text, &text, &text]);
    assert!(time < BOUND, "{time:?}");
    assert_eq!(activation.fired.len() + activation.cut.len(), 999);
}

#[test]
fn many_entries_that_name_many_others_end_in_time() {
    let entries = (0..ENTRIES).map(|number| LoreEntry {
        use_regex: true,
        constant: number % 2 == 0,
        ..entry(&[&format!("(?:{number})?(?:a|b|c{number})+")], "abc")
    });
    let mut book = book(entries.collect());
    book.settings.recursive_scanning = true;
    let messages = long_messages();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    let (time, _) = time_of(&book, &messages);
    // Tens of thousands of keys have to be asked here, and thousands are told to be unlooked for.
    assert!(time < 5 * BOUND, "{time:?}");
}
