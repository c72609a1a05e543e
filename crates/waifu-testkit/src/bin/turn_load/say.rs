//! The one place that prints.

/// Says one thing to whoever started the program.
#[expect(
    clippy::print_stdout,
    reason = "a command line tool talks to its terminal, and only from here"
)]
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Says what ended the program, with its causes.
#[expect(
    clippy::print_stderr,
    reason = "a command line tool talks to its terminal, and only from here"
)]
pub(crate) fn failure(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
