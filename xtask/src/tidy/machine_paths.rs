//! A path of the machine that somebody wrote on is wrong on every other machine.

use super::{Fault, tree::Tree};

/// Put together here, so that the check does not find itself.
const MACHINE_PATHS: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];

pub(super) fn check(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in &tree.files {
        for (number, line) in (1..).zip(file.text.lines()) {
            for path in MACHINE_PATHS {
                if holds_absolute(line, path) {
                    faults.push(format!(
                        "{}:{number}: holds the machine's own path {path}",
                        file.path
                    ));
                }
            }
        }
    }
    faults
}

/// Whether `path` begins there, rather than going on from a relative one or a variable.
fn holds_absolute(line: &str, path: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || "._-~})".contains(c);
    line.match_indices(path)
        .any(|(start, _)| !line[..start].ends_with(goes_on))
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::{MACHINE_PATHS, check};

    #[test]
    fn absolute_paths_of_one_machine_fail_in_any_file() {
        let [first, second] = MACHINE_PATHS;
        let tree = tree::of(&[
            ("notes.md", &format!("see `{first}main`\n")),
            ("run", &format!("cd home{first}\ncat $HOME{second}a\n")),
            ("x.json", &format!("\n\"file://{second}x\"\n")),
        ]);
        let mut faults = check(&tree);
        faults.sort();
        assert_eq!(
            faults,
            [
                format!("notes.md:1: holds the machine's own path {first}"),
                format!("x.json:2: holds the machine's own path {second}"),
            ]
        );
    }
}
