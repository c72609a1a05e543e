//! Keys that are regular expressions, matched in time linear in the text and within an allowance of work.

use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson::pikevm::{self, PikeVM};
use regex_automata::nfa::thompson::{NFA, WhichCaptures};
use regex_automata::{Input, MatchKind};
use regex_syntax::hir::{Hir, HirKind, Look, Repetition};
use regex_syntax::{Error, ParserBuilder};

use super::literals;

/// What is wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    #[error("is no pattern: {0}")]
    Invalid(String),
    #[error("is too large, or one of too many")]
    TooLarge,
    /// The patterns before it took all the work that one activation may be.
    #[error("was not looked for everywhere: the lorebook's patterns are too much work")]
    TooMuchWork,
}

/// The longest pattern, in bytes.
const LONGEST_PATTERN: usize = 2_000;
/// The largest compiled pattern, in bytes.
const LARGEST_PATTERN: usize = 64 * 1024;
/// Bytes of memory in which a pattern's automaton is built while it runs.
const AUTOMATON_BYTES: usize = 64 * 1024;
/// How often that memory may fill up before a pattern runs in the slower way, which needs none.
const REFILLS: usize = 2;

#[derive(Debug)]
pub(super) struct Pattern {
    automaton: DFA,
    /// Strings of which a text holds one at least where the pattern matches.
    pub(super) needed: Option<Vec<String>>,
}

impl Pattern {
    /// Of `/pattern/flags`, as cards have it, or of a bare pattern.
    pub(super) fn new(key: &str, case_sensitive: bool) -> Result<Self, KeyFault> {
        if key.len() > LONGEST_PATTERN {
            return Err(KeyFault::TooLarge);
        }
        let (pattern, flags) = match between_slashes(key) {
            Some(parts) => parts,
            None if case_sensitive => (key, ""),
            None => (key, "i"),
        };
        let mut hir = ParserBuilder::new()
            .case_insensitive(flags.contains('i'))
            .multi_line(flags.contains('m'))
            .dot_matches_new_line(flags.contains('s'))
            .build()
            .parse(pattern)
            .map_err(|error| KeyFault::Invalid(reason(&error)))?;
        if pattern.is_ascii() {
            hir = with_ascii_words(hir);
        }
        let nfa = NFA::config()
            .nfa_size_limit(Some(LARGEST_PATTERN))
            .which_captures(WhichCaptures::None);
        let nfa = NFA::compiler()
            .configure(nfa)
            .build_from_hir(&hir)
            .map_err(|_| KeyFault::TooLarge)?;
        let automaton = DFA::builder()
            .configure(automaton_config())
            .build_from_nfa(nfa)
            .map_err(|_| KeyFault::TooLarge)?;
        Ok(Self {
            automaton,
            needed: literals::needed(&hir),
        })
    }

    pub(super) fn memory(&self) -> usize {
        size_of::<Self>() + self.automaton.memory_usage()
    }
}

fn automaton_config() -> Config {
    DFA::config()
        .match_kind(MatchKind::All)
        .unicode_word_boundary(true)
        .cache_capacity(AUTOMATON_BYTES)
        .skip_cache_capacity_check(true)
        .minimum_cache_clear_count(Some(REFILLS))
}

/// The pattern and the flags of `/pattern/flags`; a key with other letters after its last slash is no such thing.
fn between_slashes(key: &str) -> Option<(&str, &str)> {
    let (pattern, flags) = key.strip_prefix('/')?.rsplit_once('/')?;
    let is_flags = flags.chars().all(|flag| "dgimsuvy".contains(flag));
    (!pattern.is_empty() && is_flags).then_some((pattern, flags))
}

/// In one line, without the pattern.
fn reason(error: &Error) -> String {
    match error {
        Error::Parse(error) => error.kind().to_string(),
        Error::Translate(error) => error.kind().to_string(),
        _ => "is not understood".to_owned(),
    }
}

/// A `\b` that sees ASCII alone, as where cards come from: for a pattern in ASCII that is all that its author meant,
/// and the fast automaton knows no other in text that is not ASCII.
fn with_ascii_words(hir: Hir) -> Hir {
    let all = |parts: Vec<Hir>| parts.into_iter().map(with_ascii_words).collect();
    match hir.into_kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(match look {
            Look::WordUnicode => Look::WordAscii,
            Look::WordUnicodeNegate => Look::WordAsciiNegate,
            Look::WordStartUnicode => Look::WordStartAscii,
            Look::WordEndUnicode => Look::WordEndAscii,
            Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
            Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
            Look::Start
            | Look::End
            | Look::StartLF
            | Look::EndLF
            | Look::StartCRLF
            | Look::EndCRLF
            | Look::WordAscii
            | Look::WordAsciiNegate
            | Look::WordStartAscii
            | Look::WordEndAscii
            | Look::WordStartHalfAscii
            | Look::WordEndHalfAscii => look,
        }),
        HirKind::Repetition(repetition) => {
            let sub = Box::new(with_ascii_words(*repetition.sub));
            Hir::repetition(Repetition { sub, ..repetition })
        }
        // Nobody asks what a group held.
        HirKind::Capture(capture) => with_ascii_words(*capture.sub),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
    }
}

/// Runs patterns until their allowance is used up.
#[derive(Debug)]
pub(super) struct Runner {
    /// In steps of about five nanoseconds: a byte looked at, or a byte of an automaton built.
    left: usize,
    /// Kept from one pattern to the next for its memory alone.
    cache: Option<Cache>,
}

/// Nothing is left of the allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UsedUp;

impl Runner {
    pub(super) fn new(steps: usize) -> Self {
        Self {
            left: steps,
            cache: None,
        }
    }

    pub(super) fn is_in(&mut self, pattern: &Pattern, text: &str) -> Result<bool, UsedUp> {
        self.take(text.len())?;
        let automaton = &pattern.automaton;
        let cache = match &mut self.cache {
            Some(cache) => {
                cache.reset(automaton);
                cache
            }
            none => none.insert(automaton.create_cache()),
        };
        let input = Input::new(text).earliest(true);
        let found = automaton.try_search_fwd(cache, &input);
        let built = cache.memory_usage() + cache.clear_count() * AUTOMATON_BYTES;
        self.left = self.left.saturating_sub(built);
        match found {
            Ok(found) => Ok(found.is_some()),
            // It met a `\b` beside a letter that is not ASCII, or states without end.
            Err(_) => self.is_in_slowly(automaton.get_nfa(), text),
        }
    }

    /// In time of the text's length times the pattern's at worst.
    fn is_in_slowly(&mut self, nfa: &NFA, text: &str) -> Result<bool, UsedUp> {
        self.take(text.len().saturating_mul(nfa.states().len()))?;
        let Ok(machine) = PikeVM::new_from_nfa(nfa.clone()) else {
            return Ok(false);
        };
        let mut cache = pikevm::Cache::new(&machine);
        Ok(machine.is_match(&mut cache, text))
    }

    fn take(&mut self, steps: usize) -> Result<(), UsedUp> {
        self.left = self.left.checked_sub(steps).ok_or(UsedUp)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(key: &str, text: &str) -> bool {
        let pattern = Pattern::new(key, false).unwrap();
        Runner::new(1 << 24).is_in(&pattern, text).unwrap()
    }

    #[test]
    fn patterns_are_bare_or_between_slashes_with_flags() {
        assert!(is_in("drag(on|oon)s?", "two DRAGOONS"));
        assert!(is_in("/drag(on|oon)/", "a dragon"));
        assert!(!is_in("/dragon/", "a Dragon"), "flags alone decide");
        assert!(is_in("/DRAGON/gi", "a dragon"));
        assert!(is_in("/^b$/m", "a\nb\nc"));
        assert!(is_in("/a.b/s", "a\nb"));
        assert!(is_in("/home/kim", "in /home/kim/x"));
        assert!(is_in(r"/a\/b/", "a/b"));
        assert!(
            !Runner::new(1 << 20)
                .is_in(&Pattern::new("rose", true).unwrap(), "Rose")
                .unwrap()
        );
    }

    #[test]
    fn words_begin_and_end_in_text_of_any_script() {
        assert!(is_in(r"\bdragons?\b", "“dragons” — drägon"));
        assert!(!is_in(r"\bdragon\b", "“dragonfly”"));
        assert!(is_in(r"\bдракон\b", "Это дракон."));
        assert!(!is_in(r"\bдракон\b", "драконы"));
    }

    #[test]
    fn a_pattern_with_states_without_end_still_matches() {
        // Letters in no order: each one may begin a match, and which did is another state.
        let mut number: u32 = 1;
        let letters = std::iter::repeat_with(|| {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if number >> 31 == 0 { 'a' } else { 'b' }
        });
        let text: String = letters.take(8_000).collect();
        assert!(!is_in("a[ab]{16}c", &text));
        assert!(is_in("a[ab]{16}c", &format!("{text}a{}c", "b".repeat(16))));
    }

    #[test]
    fn what_is_no_pattern_or_too_large_says_so() {
        let fault = |key: &str| Pattern::new(key, false).unwrap_err().to_string();
        assert_eq!(fault("(a"), "is no pattern: unclosed group");
        assert!(fault("(?=a)").starts_with("is no pattern: "));
        let too_large = KeyFault::TooLarge.to_string();
        assert_eq!(fault("(((a{100}){100}){100}){100}"), too_large);
        assert_eq!(fault(r"\w{100}"), too_large);
        assert_eq!(fault(&"a".repeat(LONGEST_PATTERN + 1)), too_large);
    }

    #[test]
    fn work_ends_where_the_allowance_does() {
        let pattern = Pattern::new("(a+)+$", false).unwrap();
        let text = "a".repeat(8_000) + "!";
        let mut runner = Runner::new(100_000);
        let runs = (0..100).take_while(|_| runner.is_in(&pattern, &text) == Ok(false));
        assert!((5..=12).contains(&runs.count()));
        assert_eq!(runner.is_in(&pattern, &text), Err(UsedUp));
    }
}
