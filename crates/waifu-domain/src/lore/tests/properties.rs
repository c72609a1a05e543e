use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Words that keys, contents and messages share, so that they meet.
const WORDS: [&str; 9] = [
    "cat",
    "Cat",
    "lighthouse",
    "red dragon",
    "猫",
    "fog",
    "c++",
    "tea",
    "drag",
];

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(WORDS.to_vec());
    prop::collection::vec(word, 0..5).prop_map(|words| words.join(", "))
}

fn any_keys() -> impl Strategy<Value = Vec<String>> {
    let key = prop_oneof![
        6 => prop::sample::select(WORDS.to_vec()),
        2 => prop::sample::select(vec!["(a+)+$", "(x|x)*y", "/\\bcat\\b/i", "(", "", "[a-z]+", "猫|tea"]),
    ];
    prop::collection::vec(key.prop_map(str::to_owned), 0..4)
}

fn any_content() -> impl Strategy<Value = String> {
    let decorator = prop::sample::select(vec![
        "",
        "",
        "",
        "@@depth 2\n",
        "@@activate\n",
        "@@dont_activate\n",
        "@@scan_depth 1\n",
        "@@odd\n",
    ]);
    (decorator, words()).prop_map(|(decorator, words)| format!("{decorator}{words}"))
}

fn any_entry() -> impl Strategy<Value = LoreEntry> {
    let flags = (
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.3),
        any::<bool>(),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.8),
    );
    let numbers = (0i64..4, 0i64..4);
    (any_keys(), any_keys(), any_content(), flags, numbers).prop_map(
        |(keys, secondary_keys, content, flags, (insertion_order, priority))| {
            let (selective, use_regex, case_sensitive, constant, enabled) = flags;
            LoreEntry {
                keys,
                secondary_keys,
                selective,
                use_regex,
                case_sensitive,
                constant,
                enabled,
                content,
                insertion_order,
                priority,
                ..LoreEntry::default()
            }
        },
    )
}

fn any_book() -> impl Strategy<Value = Lorebook> {
    let entries = prop::collection::vec(any_entry(), 0..12);
    (entries, 0u32..6, 0u32..200, any::<bool>()).prop_map(
        |(entries, scan_depth, token_budget, recursive_scanning)| Lorebook {
            settings: LoreSettings {
                scan_depth,
                token_budget,
                recursive_scanning,
                ..LoreSettings::default()
            },
            entries,
        },
    )
}

fn activated_by(book: &Lorebook, messages: &[String]) -> Activation {
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    activated(book, &messages)
}

fn came_up(activation: &Activation) -> Vec<usize> {
    let fired = activation.fired.iter().map(|fired| fired.index);
    fired
        .chain(activation.cut.iter().map(|cut| cut.index))
        .collect()
}

proptest! {
    #[test]
    fn what_is_kept_fits_stands_in_order_and_comes_up_once(
        book in any_book(),
        messages in prop::collection::vec(words(), 0..6),
    ) {
        let activation = activated_by(&book, &messages);
        prop_assert_eq!(&activation, &activated_by(&book, &messages));

        let tokens: u32 = activation.fired.iter().map(|fired| fired.tokens).sum();
        prop_assert!(tokens <= book.settings.token_budget);
        let order = |fired: &Fired| (book.entries[fired.index].insertion_order, fired.index);
        prop_assert!(activation.fired.is_sorted_by_key(order));
        for cut in &activation.cut {
            // Only what is as high or higher took the room.
            let before = activation.fired.iter().filter(|fired| {
                book.entries[fired.index].priority >= book.entries[cut.index].priority
            });
            let taken: u32 = before.map(|fired| fired.tokens).sum();
            prop_assert!(taken + cut.tokens > book.settings.token_budget);
        }

        let up = came_up(&activation);
        let once: BTreeSet<usize> = up.iter().copied().collect();
        prop_assert_eq!(once.len(), up.len());
        for (index, entry) in book.entries.iter().enumerate() {
            let is_told = !entry.content.ends_with('\n') && !entry.content.is_empty();
            let is_held_back = entry.content.contains("@@dont_activate");
            if !entry.enabled || !is_told || is_held_back {
                prop_assert!(!once.contains(&index));
            } else if entry.constant || entry.content.contains("@@activate") {
                prop_assert!(once.contains(&index));
            }
        }
    }

    #[test]
    fn a_message_with_no_key_in_it_changes_nothing(
        mut book in any_book(),
        messages in prop::collection::vec(words(), 1..5),
        place: prop::sample::Index,
    ) {
        book.settings.scan_depth = 6;
        for entry in &mut book.entries {
            entry.content = entry.content.replace("@@scan_depth 1\n", "");
            entry.keys.retain(|key| key != "[a-z]+");
            entry.secondary_keys.retain(|key| key != "[a-z]+");
        }
        let place = place.index(messages.len() + 1);
        let mut with = messages.clone();
        with.insert(place, "Nothing to be seen here 1".to_owned());
        let mut expected = activated_by(&book, &messages);
        for fired in &mut expected.fired {
            shift(&mut fired.why, place);
        }
        for cut in &mut expected.cut {
            shift(&mut cut.why, place);
        }
        prop_assert_eq!(activated_by(&book, &with), expected);
    }

    #[test]
    fn any_keys_and_texts_are_borne(
        keys in prop::collection::vec(any::<String>(), 0..6),
        content: String,
        message: String,
        use_regex: bool,
        case_sensitive: bool,
    ) {
        let mut entry = entry(&[], &content);
        entry.keys = keys;
        entry.use_regex = use_regex;
        entry.case_sensitive = case_sensitive;
        let mut book = book(vec![entry]);
        book.settings.recursive_scanning = true;
        activated(&book, &[&message, &content]);
    }

    #[test]
    fn patterns_match_as_if_every_one_were_tried(
        pattern in "[ab.猫é \\\\b|()?+*^$A]{1,8}",
        text in "[abA猫é \n]{0,12}",
    ) {
        let Ok(alone) = regex_automata::nfa::thompson::pikevm::PikeVM::new(&format!("(?i){pattern}")) else {
            return Ok(());
        };
        // Where a word of letters that are not ASCII ends, an ASCII pattern's `\b` differs by intent.
        prop_assume!(!pattern.contains("\\b") && !pattern.contains("\\B"));
        let entry = LoreEntry { use_regex: true, ..entry(&[&pattern], "Text.") };
        prop_assume!(!pattern.trim().is_empty());
        let is_match = alone.is_match(&mut alone.create_cache(), &text);
        let expected: &[usize] = if is_match { &[0] } else { &[] };
        prop_assert_eq!(told(&book(vec![entry]), &[&text]), expected);
    }
}

/// A message that was put in moves those after it.
fn shift(why: &mut Why, place: usize) {
    if let Why::Key { message, .. } = why
        && *message >= place
    {
        *message += 1;
    }
}
