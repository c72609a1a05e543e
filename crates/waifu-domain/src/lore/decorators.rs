//! Decorators: lines at the start of an entry's content that say how it comes up and where it stands.

use super::LorePosition;
use crate::prompt::PromptRole;

/// What an entry's decorators say. Of two of the same name the first with a value that can be read counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decorators {
    /// Messages that stand after the entry.
    pub(super) depth: Option<u32>,
    pub(super) role: Option<PromptRole>,
    pub(super) scan_depth: Option<u32>,
    pub(super) position: Option<LorePosition>,
    pub(super) activate: bool,
    pub(super) dont_activate: bool,
}

/// An entry's decorators, and what is left for the model to see.
///
/// Lines that begin with `@@@` are other programs' second choices, and ignored as unknown decorators are.
pub(super) fn read(content: &str) -> (Decorators, &str) {
    let mut decorators = Decorators::default();
    let mut left = content.trim_start();
    while left.starts_with("@@") {
        let (line, after) = left.split_once('\n').unwrap_or((left, ""));
        decorators.take(&line[2..]);
        left = after.trim_start();
    }
    (decorators, left.trim_end())
}

impl Decorators {
    fn take(&mut self, line: &str) {
        let (name, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let value = value.trim();
        match name {
            "depth" => self.depth = self.depth.or(count(value)),
            "scan_depth" => self.scan_depth = self.scan_depth.or(count(value)),
            "role" => self.role = self.role.or(role(value)),
            "position" => self.position = self.position.or(position(value)),
            "activate" => self.activate = true,
            "dont_activate" => self.dont_activate = true,
            _ => {}
        }
    }
}

/// A whole number; one below 0 is as good as 0.
fn count(value: &str) -> Option<u32> {
    let number: i64 = value.parse().ok()?;
    Some(u32::try_from(number.max(0)).unwrap_or(u32::MAX))
}

fn role(value: &str) -> Option<PromptRole> {
    match value {
        "system" => Some(PromptRole::System),
        "user" => Some(PromptRole::User),
        "assistant" => Some(PromptRole::Assistant),
        _ => None,
    }
}

fn position(value: &str) -> Option<LorePosition> {
    match value {
        "before_desc" => Some(LorePosition::BeforeChar),
        "after_desc" => Some(LorePosition::AfterChar),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decorators_are_read_and_taken_from_what_the_model_sees() {
        let content = "\n@@depth 4\r\n@@depth 9\n@@role user\n@@scan_depth -2\n\n@@position after_desc\n\
                       @@theirs 1\n@@@activate\n@@activate\n@@dont_activate\n\n Text.\n@@not one\n";
        let (decorators, left) = read(content);
        assert_eq!(left, "Text.\n@@not one");
        assert_eq!(
            decorators,
            Decorators {
                depth: Some(4),
                role: Some(PromptRole::User),
                scan_depth: Some(0),
                position: Some(LorePosition::AfterChar),
                activate: true,
                dont_activate: true,
            }
        );
    }

    #[test]
    fn what_cannot_be_read_is_ignored() {
        let (decorators, left) =
            read("@@depth deep\n@@role nurse\n@@position scenario\n@@@activate\n@@");
        assert_eq!((decorators, left), (Decorators::default(), ""));
    }
}
