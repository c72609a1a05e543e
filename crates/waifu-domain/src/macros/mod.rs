//! Macros: names in double braces that cards and lore hold in place of what is known only when she speaks.

mod braces;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use time::PrimitiveDateTime;

/// Bytes by which expansion may lengthen a text.
const GROWTH: usize = 64 * 1024;

/// What macros stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MacroSetting<'a> {
    pub char: &'a str,
    pub user: &'a str,
    /// What the text takes the place of, such as the operator's own instructions.
    pub original: &'a str,
    /// Where the user lives.
    pub local_time: PrimitiveDateTime,
    /// `random` and `pick` draw by it alone.
    pub seed: u64,
}

/// Puts what macros stand for in their place. Other text stays as it is, macros that nobody here knows too.
///
/// What a macro stands for is never looked through for macros: a user who calls himself `{{char}}` stays that.
/// From the macro on that would lengthen the text by more than 64 KiB in all, the rest stays as it is.
pub fn expand(text: &str, setting: &MacroSetting) -> String {
    let ends = braces::ends(text);
    let mut out = String::with_capacity(text.len());
    let mut room = GROWTH;
    let mut copied = 0;
    let mut at = 0;
    while let Some(step) = next_opening(&text[at..]) {
        at += step;
        let end = ends.get(&at).copied();
        let Some((length, value)) = macro_at(text, at, end, setting) else {
            at += 1;
            continue;
        };
        match room.checked_sub(value.len().saturating_sub(length)) {
            Some(left) => room = left,
            None => break,
        }
        out.push_str(&text[copied..at]);
        out.push_str(&value);
        at += length;
        copied = at;
    }
    out.push_str(&text[copied..]);
    out
}

fn next_opening(text: &str) -> Option<usize> {
    text.bytes().position(|byte| byte == b'{' || byte == b'<')
}

/// The length of the macro that begins at `at` and ends at `end`, and what it stands for.
fn macro_at<'a>(
    text: &'a str,
    at: usize,
    end: Option<usize>,
    setting: &MacroSetting<'a>,
) -> Option<(usize, Cow<'a, str>)> {
    match end {
        Some(end) => {
            let value = value_of(&text[at + 2..end - 2], at, setting)?;
            Some((end - at, value))
        }
        None => angled(&text[at..], setting),
    }
}

/// The forms that were there before braces.
fn angled<'a>(text: &str, setting: &MacroSetting<'a>) -> Option<(usize, Cow<'a, str>)> {
    let forms = [
        ("<user>", setting.user),
        ("<bot>", setting.char),
        ("<char>", setting.char),
    ];
    let (form, value) = forms.into_iter().find(|(form, _)| {
        let beginning = text.as_bytes().get(..form.len());
        beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(form.as_bytes()))
    })?;
    Some((form.len(), value.into()))
}

/// What stands between the braces of a macro that begins at `at`, as what it stands for.
fn value_of<'a>(inside: &'a str, at: usize, setting: &MacroSetting<'a>) -> Option<Cow<'a, str>> {
    let inside = inside.trim();
    if inside.starts_with("//") {
        return Some("".into());
    }
    // No further than a name goes: braces may stand within braces, and each is looked at.
    let name_ends = inside.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, after) = inside.split_at(name_ends);
    let after = match after.trim_start() {
        "" => None,
        after => Some(after.strip_prefix(':')?),
    };
    let value = match (name.to_ascii_lowercase().as_str(), after) {
        ("char", None) => setting.char.into(),
        ("user", None) => setting.user.into(),
        ("original", None) => setting.original.into(),
        ("time", None) => clock(setting.local_time).into(),
        ("date", None) => setting.local_time.date().to_string().into(),
        ("comment", Some(_)) => "".into(),
        // Each place draws for itself.
        ("random", Some(list)) => drawn(list, setting.seed, Some(at)),
        // The same list gives the same wherever it stands.
        ("pick", Some(list)) => drawn(list, setting.seed, None),
        _ => return None,
    };
    Some(value)
}

fn clock(time: PrimitiveDateTime) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// One of a list: `a,b,c`, where `\,` is a comma of the item's own, or `:a::b::c` (the first colon is gone by now).
fn drawn<'a>(list: &'a str, seed: u64, at: Option<usize>) -> Cow<'a, str> {
    let items: Vec<Cow<'a, str>> = match list.strip_prefix(':') {
        Some(list) if list.contains("::") => list.split("::").map(Cow::from).collect(),
        Some(list) => at_commas(list),
        None => at_commas(list),
    };
    let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
    let number = usize::try_from(draw(list, seed, at) % count).unwrap_or(0);
    match items.into_iter().nth(number).unwrap_or_default() {
        Cow::Borrowed(item) => item.trim().into(),
        Cow::Owned(item) => item.trim().to_owned().into(),
    }
}

fn at_commas(list: &str) -> Vec<Cow<'_, str>> {
    let mut items = Vec::new();
    let mut begin = 0;
    let commas = list.match_indices(',').map(|(at, _)| at);
    for end in commas.chain([list.len()]) {
        let is_escaped = end < list.len() && list[begin..end].ends_with('\\');
        if !is_escaped {
            items.push(&list[begin..end]);
            begin = end + 1;
        }
    }
    items
        .into_iter()
        .map(|item| {
            if item.contains("\\,") {
                item.replace("\\,", ",").into()
            } else {
                item.into()
            }
        })
        .collect()
}

/// A number that looks random and isn't.
fn draw(list: &str, seed: u64, at: Option<usize>) -> u64 {
    let place = at.map_or(u64::MAX, |at| u64::try_from(at).unwrap_or(u64::MAX));
    let hash = Sha256::new()
        .chain_update(seed.to_be_bytes())
        .chain_update(place.to_be_bytes())
        .chain_update(list)
        .finalize();
    hash.iter()
        .take(8)
        .fold(0, |number, byte| (number << 8) | u64::from(*byte))
}
