//! The one place that prints: progress to standard output, the failure to standard error.

/// Opens a step of a longer task.
pub(crate) fn headline(text: &str) {
    line(&format!("\n==> {text}"));
}

/// Says one thing.
#[expect(
    clippy::print_stdout,
    reason = "a command line tool talks to its terminal, and only from here"
)]
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Says what ended the run, with its causes and without a backtrace: it is about the workspace,
/// not about this program.
#[expect(
    clippy::print_stderr,
    reason = "a command line tool talks to its terminal, and only from here"
)]
pub(crate) fn failure(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
