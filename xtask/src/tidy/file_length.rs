//! A file that is long holds more than one idea.

use super::{Fault, tree::Tree};

const MOST_LINES: usize = 600;

pub(super) fn check(tree: &Tree) -> Vec<Fault> {
    tree.with_extension(&["rs"])
        .map(|file| (&file.path, file.text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(path, lines)| format!("{path}: has {lines} lines, more than {MOST_LINES}: split it"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::check;

    #[test]
    fn a_source_file_of_more_than_600_lines_fails() {
        let (most, more) = ("\n".repeat(600), "\n".repeat(601));
        let tree = tree::of(&[("most.rs", &most), ("more.rs", &more), ("more.json", &more)]);
        assert_eq!(
            check(&tree),
            ["more.rs: has 601 lines, more than 600: split it"]
        );
    }
}
