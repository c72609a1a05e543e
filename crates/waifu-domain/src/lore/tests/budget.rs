use super::*;

fn always(content: &str, priority: i64, insertion_order: i64) -> LoreEntry {
    LoreEntry {
        constant: true,
        priority,
        insertion_order,
        ..entry(&[], content)
    }
}

#[test]
fn what_has_priority_is_kept_and_what_is_cut_is_told() {
    let mut book = book(vec![
        always("low..", 1, 1),
        always("high", 9, 3),
        always("middle", 5, 2),
    ]);
    book.settings.token_budget = 10;
    let activation = activated(&book, &[]);
    let kept: Vec<(usize, u32)> = activation
        .fired
        .iter()
        .map(|fired| (fired.index, fired.tokens))
        .collect();
    assert_eq!(kept, [(2, 6), (1, 4)]);
    let cut = Cut {
        index: 0,
        why: Why::Constant,
        tokens: 5,
    };
    assert_eq!(activation.cut, [cut]);
}

#[test]
fn of_the_same_priority_what_stands_earlier_is_kept() {
    let mut book = book(vec![
        always("bbb", 1, 2),
        always("aaa", 1, 1),
        always("ccc", 1, 2),
    ]);
    book.settings.token_budget = 6;
    assert_eq!(told(&book, &[]), [1, 0]);
}

#[test]
fn what_is_too_large_leaves_its_room_to_others() {
    let mut book = book(vec![always(&"x".repeat(100), 9, 1), always("y", 1, 1)]);
    book.settings.token_budget = 50;
    assert_eq!(told(&book, &[]), [1]);
    book.settings.token_budget = 0;
    assert_eq!(activated(&book, &[]).cut.len(), 2);
}

#[test]
fn decorators_cost_nothing() {
    let mut book = book(vec![always("@@depth 4\n\ntext\n", 1, 1)]);
    book.settings.token_budget = 4;
    assert_eq!(told(&book, &[]), [0]);
}
