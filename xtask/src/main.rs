//! `cargo xtask`: everything that is done to this workspace by machine, so that a developer and
//! the build server do it in the same words.

mod apt;
mod bench;
mod ci;
mod clients;
mod codegen;
mod commands;
mod environment;
mod layers;
mod private_postgres;
mod say;
mod server;
mod test;
mod tidy;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

fn main() -> ExitCode {
    match run(CommandLine::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::failure(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<()> {
    let workspace = Workspace::read(&std::env::current_dir()?)?;
    match task {
        Task::Ci => ci::run(&workspace),
        Task::Tidy => tidy::run(&workspace),
        Task::Codegen { check } => codegen::run(&workspace, check),
        Task::Test { arguments } => test::run(&workspace, &arguments),
        Task::Bench { options } => bench::run(&workspace, &options),
        Task::Migrate { arguments } => server::run(&workspace, "migrate", &arguments),
        Task::Seed { arguments } => server::run(&workspace, "seed", &arguments),
        Task::VerifyLedger { arguments } => server::run(&workspace, "verify-ledger", &arguments),
        Task::Operator { arguments } => server::run(&workspace, "operator", &arguments),
    }
}

/// The chores of this workspace. Each one fails with an exit code and says at what.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
struct CommandLine {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run all that a change must pass: format, clippy, tidy, codegen --check, test.
    ///
    /// Stops at the first step that fails, and names it.
    Ci,
    /// Hold the manifests against the table of layers and the files against the house rules.
    ///
    /// Lists every fault, not the first one alone.
    Tidy,
    /// Write openapi.json, schema.graphql and docs/errors.md from the server's own code.
    Codegen {
        /// Write nothing; fail if a committed file is not what would be written.
        #[arg(long)]
        check: bool,
    },
    /// Run the tests beside a PostgreSQL that is started for this run and removed after it.
    ///
    /// Set `WAIFU_TEST_POSTGRES_URL` to the URL of a maintenance database to use a server of
    /// your own instead. PostgreSQL is never skipped.
    Test {
        /// Arguments for `cargo test`, as in `cargo xtask test -- -p adapters-sqlite`.
        #[arg(last = true, value_name = "CARGO TEST ARGUMENTS")]
        arguments: Vec<OsString>,
    },
    /// Measure what a turn costs and how long it takes, beside direct calls of a scripted model.
    ///
    /// Builds and starts all that it needs, ends it again, and fails if the store holds another number of turns than
    /// clients saw done. docs/performance.md says what the figures mean.
    Bench {
        #[command(flatten)]
        options: Box<bench::Options>,
    },
    /// Bring the configured store to the newest migration (`waifu-server migrate`).
    Migrate {
        /// Arguments for the server's own subcommand.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Fill the configured store with companions, gifts, dates and events (`waifu-server seed`).
    Seed {
        /// Arguments for the server's own subcommand.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Hold the ledger law against the configured store (`waifu-server verify-ledger`).
    VerifyLedger {
        /// Arguments for the server's own subcommand.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Grant or revoke the right to what is under /admin (`waifu-server operator`).
    Operator {
        /// Arguments for the server's own subcommand, as in `cargo xtask operator grant NAME`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{CommandLine, Task};

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn what_follows_two_dashes_belongs_to_cargo_test() {
        let line = CommandLine::parse_from(["xtask", "test", "--", "-p", "xtask", "--", "name"]);
        let Task::Test { arguments } = line.task else {
            panic!("`test` was read as another task")
        };
        assert_eq!(arguments, ["-p", "xtask", "--", "name"]);
    }

    #[test]
    fn the_servers_own_options_are_passed_on() {
        let line = CommandLine::parse_from(["xtask", "seed", "--count", "3"]);
        let Task::Seed { arguments } = line.task else {
            panic!("`seed` was read as another task")
        };
        assert_eq!(arguments, ["--count", "3"]);
    }
}
