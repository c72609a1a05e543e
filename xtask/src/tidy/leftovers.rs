//! Unfinished work and switched-off tests belong to an issue, not to the source.

use super::{Fault, tree::Tree};

/// Put together here, so that the check does not find itself.
const LEFTOVERS: [&str; 4] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!"),
    concat!("#[", "ignore"),
];

/// A test that has a command of its own, and a bounded slice among the others.
const SOAK: &str = concat!("#[", "ignore = \"soak: ");

pub(super) fn check(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in tree.with_extension(&["rs"]) {
        for (number, line) in (1..).zip(file.text.lines()) {
            for leftover in LEFTOVERS {
                if holds_word(line, leftover) && !line.contains(SOAK) {
                    faults.push(format!("{}:{number}: holds {leftover:?}", file.path));
                }
            }
        }
    }
    faults
}

/// Whether `line` holds `word` other than as a part of a longer word.
fn holds_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        let (before, after) = (&line[..start], &line[start + word.len()..]);
        let begun_earlier = before.ends_with(is_part) && word.starts_with(is_part);
        let goes_on = after.starts_with(is_part) && word.ends_with(is_part);
        !begun_earlier && !goes_on
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::{LEFTOVERS, check};

    #[test]
    fn unfinished_work_and_ignored_tests_fail() {
        let [note, defect, hole, ignored] = LEFTOVERS;
        let text = format!(
            "// {note}: later\n// {defect}\nfn f() {{ {hole}() }}\n{ignored} = \"slow\"]\n{ignored} = \"soak: an hour\"]\n// MAS{note}N\n"
        );
        let tree = tree::of(&[("bad.rs", &text), ("notes.md", &text)]);
        assert_eq!(
            check(&tree),
            [
                format!("bad.rs:1: holds {note:?}"),
                format!("bad.rs:2: holds {defect:?}"),
                format!("bad.rs:3: holds {hole:?}"),
                format!("bad.rs:4: holds {ignored:?}"),
            ]
        );
    }
}
