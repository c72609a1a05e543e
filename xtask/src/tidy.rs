//! `tidy`: what a compiler does not check. Each check is a function from what it looks at to the
//! faults it finds, and every fault of every check is listed.

mod file_length;
mod layering;
mod leftovers;
mod machine_paths;
mod migrations;
mod tree;
mod whitespace;

use anyhow::{Result, bail};

use crate::{say, workspace::Workspace};
use tree::Tree;

/// A sentence that names the place and what is wrong there.
type Fault = String;

/// Runs every check.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let tree = Tree::read(&workspace.root)?;
    let faults = [
        layering::check(&workspace.packages),
        file_length::check(&tree),
        whitespace::check(&tree),
        migrations::check(&tree),
        leftovers::check(&tree),
        machine_paths::check(&tree),
    ]
    .concat();
    if !faults.is_empty() {
        bail!("tidy found {}:\n  {}", faults.len(), faults.join("\n  "));
    }
    say::line(&format!(
        "tidy: {} manifests and {} files are in order",
        workspace.packages.len(),
        tree.files.len()
    ));
    Ok(())
}
