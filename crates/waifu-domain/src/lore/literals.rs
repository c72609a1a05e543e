//! What a text must hold for a pattern to match, so that most patterns need no look at most texts.

use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind};

use super::marked::{Case, folded, piece};

/// Strings that one pattern may wait for.
const MOST_STRINGS: usize = 64;
const LONGEST_STRING: usize = 32;

/// Strings of which a text, folded and marked, holds one at least where the pattern matches; `None` where nothing
/// can be said.
pub(super) fn needed(pattern: &Hir) -> Option<Vec<String>> {
    let strings: Vec<String> = need(pattern)?
        .iter()
        .map(|string| piece(string, Case::Folded))
        .collect();
    is_useful(&strings).then_some(strings)
}

fn need(hir: &Hir) -> Option<Vec<String>> {
    if let Some(strings) = all(hir).filter(|strings| is_useful(strings)) {
        return Some(strings);
    }
    match hir.kind() {
        HirKind::Capture(capture) => need(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => need(&repetition.sub),
        HirKind::Alternation(branches) => {
            let mut strings = Vec::new();
            for branch in branches {
                strings.extend(need(branch)?);
            }
            (strings.len() <= MOST_STRINGS).then_some(strings)
        }
        HirKind::Concat(parts) => best_of(parts),
        HirKind::Empty
        | HirKind::Literal(_)
        | HirKind::Class(_)
        | HirKind::Look(_)
        | HirKind::Repetition(_) => None,
    }
}

/// The need that says most, of the parts and of the runs of parts that are known in whole.
fn best_of(parts: &[Hir]) -> Option<Vec<String>> {
    let mut best: Option<Vec<String>> = None;
    let mut take = |strings: Vec<String>| {
        if is_useful(&strings)
            && best
                .as_ref()
                .is_none_or(|best| worth(&strings) > worth(best))
        {
            best = Some(strings);
        }
    };
    let mut run = vec![String::new()];
    for part in parts {
        let known = all(part);
        if let Some(longer) = known.as_ref().and_then(|known| crossed(&run, known)) {
            run = longer;
            continue;
        }
        take(std::mem::replace(&mut run, vec![String::new()]));
        match known {
            Some(known) => run = known,
            None => need(part).into_iter().for_each(&mut take),
        }
    }
    take(run);
    best
}

/// Every string that matches, folded, when they are few and short.
fn all(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(vec![String::new()]),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            Some(vec![text.chars().flat_map(folded).collect()])
        }
        HirKind::Class(class) => one_of(class),
        HirKind::Capture(capture) => all(&capture.sub),
        HirKind::Repetition(repetition) => {
            let sub = all(&repetition.sub)?;
            match (repetition.min, repetition.max) {
                (0, Some(1)) => Some([vec![String::new()], sub].concat()),
                (1, Some(1)) => Some(sub),
                _ => None,
            }
        }
        HirKind::Concat(parts) => parts
            .iter()
            .try_fold(vec![String::new()], |run, part| crossed(&run, &all(part)?)),
        HirKind::Alternation(branches) => {
            let mut strings = Vec::new();
            for branch in branches {
                strings.extend(all(branch)?);
                if strings.len() > MOST_STRINGS {
                    return None;
                }
            }
            Some(strings)
        }
    }
}

/// The characters of a small class, those that differ in case alone as one.
fn one_of(class: &Class) -> Option<Vec<String>> {
    let Class::Unicode(class) = class else {
        return None;
    };
    let count: usize = class.ranges().iter().map(ClassUnicodeRange::len).sum();
    if count > MOST_STRINGS {
        return None;
    }
    let chars = class
        .ranges()
        .iter()
        .flat_map(|range| range.start()..=range.end());
    let mut strings: Vec<String> = chars.map(|c| folded(c).collect()).collect();
    strings.sort();
    strings.dedup();
    Some(strings)
}

fn crossed(beginnings: &[String], endings: &[String]) -> Option<Vec<String>> {
    let is_short = |strings: &[String]| strings.iter().all(|s| s.len() <= LONGEST_STRING);
    if beginnings.len() * endings.len() > MOST_STRINGS || !is_short(beginnings) {
        return None;
    }
    let longer = beginnings.iter().flat_map(|beginning| {
        endings
            .iter()
            .map(move |ending| format!("{beginning}{ending}"))
    });
    Some(longer.collect())
}

/// A need of nothing, or of no string in particular, says nothing.
fn is_useful(strings: &[String]) -> bool {
    !strings.is_empty() && strings.iter().all(|string| !string.is_empty())
}

/// Longer strings are rarer, and few are rarer than many.
fn worth(strings: &[String]) -> (usize, usize) {
    let shortest = strings.iter().map(String::len).min().unwrap_or(0);
    (shortest, MOST_STRINGS.saturating_sub(strings.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str) -> Option<Vec<String>> {
        need(&regex_syntax::parse(pattern).unwrap())
    }

    #[test]
    fn the_rarest_string_that_each_match_holds_is_known() {
        for (pattern, expected) in [
            ("dragon", vec!["dragon"]),
            (r"(?i)\bDragons?\b", vec!["dragon", "dragons"]),
            (r"\b(dragon|wyrm)\w*", vec!["dragon", "wyrm"]),
            ("(a+)+17$", vec!["17"]),
            ("(x|x)*y", vec!["y"]),
            ("(a+)+$", vec!["a"]),
            (".*the (end).*x", vec!["the end"]),
            ("(foo.*bar)+", vec!["foo"]),
        ] {
            let mut found = of(pattern).expect("a need");
            found.sort();
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    fn where_nothing_is_sure_nothing_is_needed() {
        for pattern in ["", "a*", r"\d+", "x|", "^$", "(abc)?", r"[^a]"] {
            assert_eq!(of(pattern), None, "{pattern}");
        }
    }
}
