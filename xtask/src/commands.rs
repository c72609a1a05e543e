//! Starting other programs: what was run is said, and a failure names it.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{environment, say};

/// The cargo that runs us, with an environment as from the terminal.
pub(crate) fn cargo() -> Command {
    let program = environment::variable("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    for name in environment::about_this_package() {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end, its output going where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let described = describe(command);
    say::line(&format!("$ {described}"));
    let status = command
        .status()
        .with_context(|| format!("failed to start `{described}`"))?;
    if !status.success() {
        bail!("`{described}` failed: {status}");
    }
    Ok(())
}

/// Runs a command to its end and returns what it wrote to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let described = describe(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("failed to start `{described}`"))?;
    if !output.status.success() {
        bail!("`{described}` failed: {}", output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("failed to read the output of `{described}` as UTF-8"))
}

/// The command as one would type it, but for quotes.
fn describe(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{output, run};

    #[test]
    fn a_command_that_fails_is_named_with_its_exit_code() {
        let failure = run(Command::new("/bin/sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(failure.to_string(), "`sh -c exit 3` failed: exit status: 3");
        output(Command::new("/bin/sh").args(["-c", "exit 3"])).unwrap_err();
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = run(&mut Command::new("no-such-program-anywhere")).unwrap_err();
        assert!(failure.to_string().contains("`no-such-program-anywhere`"));
    }
}
