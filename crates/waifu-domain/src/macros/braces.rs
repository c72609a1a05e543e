//! Which double braces belong together.

use std::collections::HashMap;

/// Where each `{{` that has its `}}` begins, and where that ends. Pairs stand side by side or within each other; of
/// more than two opening braces in a row the last two open.
pub(super) fn ends(text: &str) -> HashMap<usize, usize> {
    let bytes = text.as_bytes();
    let mut ends = HashMap::new();
    let mut open = Vec::new();
    let mut at = 0;
    while at + 1 < bytes.len() {
        match (bytes[at], bytes[at + 1]) {
            (b'{', b'{') if bytes.get(at + 2) != Some(&b'{') => {
                open.push(at);
                at += 2;
            }
            (b'}', b'}') => match open.pop() {
                Some(begin) => {
                    ends.insert(begin, at + 2);
                    at += 2;
                }
                None => at += 1,
            },
            _ => at += 1,
        }
    }
    ends
}
