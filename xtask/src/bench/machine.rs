//! What the figures are those of: a revision on a machine.

use std::fs;
use std::process::Command;
use std::thread;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{commands, say};

/// Says it, for whoever keeps the figures.
pub(super) fn say(workspace: &Workspace) -> Result<()> {
    let mut git = Command::new("git");
    git.args(["describe", "--always", "--dirty"])
        .current_dir(&workspace.root);
    let revision = commands::output(&mut git)?;
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    say::line(&format!(
        "bench: revision {}, on {} cores of {}",
        revision.trim(),
        thread::available_parallelism()?,
        processor_in(&processors).unwrap_or("an unknown processor")
    ));
    Ok(())
}

fn processor_in(text: &str) -> Option<&str> {
    text.lines()
        .find_map(|line| Some(line.strip_prefix("model name")?.split_once(": ")?.1))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_processor_is_named_as_it_names_itself() {
        let text = "processor\t: 0\nmodel name\t: A Fine One\n\nprocessor\t: 1\n";
        assert_eq!(super::processor_in(text), Some("A Fine One"));
        assert_eq!(super::processor_in(""), None);
    }
}
