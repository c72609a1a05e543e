//! What the program says to the person who runs it: the one home of printing.

#[expect(clippy::print_stdout, reason = "this is the one home of printing")]
pub fn line(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "this is the one home of printing")]
pub fn error(text: &str) {
    eprintln!("{text}");
}
