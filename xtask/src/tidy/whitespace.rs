//! Whitespace that nobody sees makes differences that nobody meant.

use super::{Fault, tree::Tree};

pub(super) fn check(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in tree.with_extension(&["rs", "toml", "sql", "md"]) {
        // Not `lines`, which would hide a carriage return.
        for (number, line) in (1..).zip(file.text.split('\n')) {
            if line.ends_with(char::is_whitespace) {
                faults.push(format!("{}:{number}: ends in whitespace", file.path));
            } else if line.contains('\t') {
                faults.push(format!("{}:{number}: holds a tab", file.path));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::check;

    #[test]
    fn trailing_whitespace_and_tabs_fail() {
        let tree = tree::of(&[
            ("good.md", "# Title\n\n    indented\n"),
            ("blank.md", "good\nbad \n"),
            ("carriage.sql", "select 1;\r\n"),
            ("tab.toml", "a =\t1\n"),
            ("Makefile", "all:\n\ttrue \n"),
        ]);
        let mut faults = check(&tree);
        faults.sort();
        assert_eq!(
            faults,
            [
                "blank.md:2: ends in whitespace",
                "carriage.sql:1: ends in whitespace",
                "tab.toml:1: holds a tab",
            ]
        );
    }
}
