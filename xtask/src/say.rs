//! The one place that prints: progress goes to standard output, failures leave `main` as errors.

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
