//! All that a change must pass, in the order in which faults are cheapest to find.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::{codegen, commands, say, test, tidy, workspace::Workspace};

type Step = fn(&Workspace) -> Result<()>;

const STEPS: [(&str, Step); 5] = [
    ("format", format),
    ("clippy", clippy),
    ("tidy", tidy::run),
    ("codegen --check", |workspace| codegen::run(workspace, true)),
    ("test", |workspace| test::run(workspace, &[])),
];

/// Runs the steps until one fails.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    run_steps(workspace, &STEPS)
}

fn run_steps(workspace: &Workspace, steps: &[(&str, Step)]) -> Result<()> {
    let start = Instant::now();
    for (name, step) in steps {
        say::headline(name);
        let step_start = Instant::now();
        step(workspace).with_context(|| format!("ci failed at `{name}`"))?;
        say::line(&format!(
            "{name}: {:.1} s",
            step_start.elapsed().as_secs_f32()
        ));
    }
    say::headline(&format!(
        "ci passed in {:.1} s",
        start.elapsed().as_secs_f32()
    ));
    Ok(())
}

fn format(workspace: &Workspace) -> Result<()> {
    commands::run(
        commands::cargo()
            .args(["fmt", "--all", "--check"])
            .current_dir(&workspace.root),
    )
}

fn clippy(workspace: &Workspace) -> Result<()> {
    commands::run(
        commands::cargo()
            .args(["clippy", "--workspace", "--all-targets", "--"])
            .args(["-D", "warnings"])
            .current_dir(&workspace.root),
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use anyhow::bail;

    use super::{STEPS, run_steps};
    use crate::workspace::Workspace;

    #[test]
    fn the_first_step_that_fails_is_named_and_ends_the_run() {
        let workspace = Workspace {
            root: PathBuf::new(),
            target: PathBuf::new(),
            packages: Vec::new(),
        };
        let failure = run_steps(
            &workspace,
            &[
                ("good", |_| Ok(())),
                ("bad", |_| bail!("it is broken")),
                ("after", |_| panic!("a step ran after one that failed")),
            ],
        )
        .unwrap_err();
        assert_eq!(format!("{failure:#}"), "ci failed at `bad`: it is broken");
    }

    #[test]
    fn ci_runs_every_check_and_the_slowest_one_last() {
        let names = STEPS.map(|(name, _)| name);
        assert_eq!(
            names,
            ["format", "clippy", "tidy", "codegen --check", "test"]
        );
    }
}
