//! What each kind of companion says when rules speak for her: tables of lines, one voice a file.
//!
//! `{word}` is a word of the user's, `{like}` something she likes, `{name}` the user's name and `{me}` hers. In every
//! table but those of likes at least one line needs no `{word}`. `{thing}` is what he gives her or where he takes her,
//! one or many of a kind, and may end in anything: so no verb or pronoun agrees with it, and after it comes a stop.
//! `{title}` is an event's.

mod genki;
mod gentle;
mod stoic;
mod teasing;
mod tsundere;

use waifu_domain::waifu::WaifuProfile;

pub(super) type Lines = &'static [&'static str];

/// Each table answers one thing that was said, or colours what is said next.
#[derive(Debug)]
pub(super) struct Voice {
    pub(super) greeting: Lines,
    pub(super) farewell: Lines,
    pub(super) thanked: Lines,
    /// He is sorry.
    pub(super) forgiving: Lines,
    /// He loves her, and they hardly know each other.
    pub(super) loved_early: Lines,
    pub(super) loved: Lines,
    pub(super) insulted: Lines,
    pub(super) snubbed: Lines,
    pub(super) comforting: Lines,
    /// After a comfort: each has `{word}`.
    pub(super) heard: Lines,
    pub(super) asked: Lines,
    pub(super) asked_her_name: Lines,
    pub(super) asked_her_likes: Lines,
    pub(super) told: Lines,
    /// He speaks of `{like}`.
    pub(super) delighted: Lines,
    /// He speaks of `{dislike}`.
    pub(super) displeased: Lines,
    pub(super) honest: Lines,
    pub(super) calm: Lines,
    pub(super) hurt: Lines,
    pub(super) glad: Lines,
    pub(super) tender: Lines,
    pub(super) likes: Lines,
    pub(super) likes_when_hurt: Lines,
    pub(super) likes_when_fond: Lines,
    /// For strangers and acquaintances.
    pub(super) far: Lines,
    /// For couples.
    pub(super) near: Lines,
    /// At least `LEAST_QUESTIONS`, all different.
    pub(super) questions: Lines,
    /// What she likes most of all.
    pub(super) gift_loved: Lines,
    pub(super) gift_liked: Lines,
    pub(super) gift_neutral: Lines,
    pub(super) gift_disliked: Lines,
    /// They are there.
    pub(super) date_liked: Lines,
    pub(super) date_neutral: Lines,
    pub(super) date_disliked: Lines,
    /// He took a choice, and it may have been a no.
    pub(super) event: Lines,
    /// After a gift, a date or a choice, however she took it.
    pub(super) questions_at_deeds: Lines,
}

/// More than the replies that she must not repeat: one of so many endings is always new.
const LEAST_QUESTIONS: usize = super::compose::REMEMBERED + 1;

/// Names of archetypes, by what they contain.
const NAMED: &[(&str, &Voice)] = &[
    ("tsun", &tsundere::VOICE),
    ("proud", &tsundere::VOICE),
    ("hime", &tsundere::VOICE),
    ("kuu", &stoic::VOICE),
    ("stoic", &stoic::VOICE),
    ("cool", &stoic::VOICE),
    ("quiet", &stoic::VOICE),
    ("serious", &stoic::VOICE),
    ("genki", &genki::VOICE),
    ("cheer", &genki::VOICE),
    ("energ", &genki::VOICE),
    ("sporty", &genki::VOICE),
    ("teas", &teasing::VOICE),
    ("playful", &teasing::VOICE),
    ("flirt", &teasing::VOICE),
    ("mischie", &teasing::VOICE),
    ("gentle", &gentle::VOICE),
    ("kind", &gentle::VOICE),
    ("shy", &gentle::VOICE),
    ("dandere", &gentle::VOICE),
    ("caring", &gentle::VOICE),
    ("motherly", &gentle::VOICE),
];

const _: () = {
    let mut at = 0;
    while at < NAMED.len() {
        assert!(NAMED[at].1.questions.len() >= LEAST_QUESTIONS);
        at += 1;
    }
};

/// By her archetype, or, when that is none that is known, by what her stats make of her.
pub(super) fn of(waifu: &WaifuProfile) -> &'static Voice {
    let archetype = waifu.personality.archetype.to_lowercase();
    let named = NAMED.iter().find(|(part, _)| archetype.contains(part));
    let stats = &waifu.stats;
    match named {
        Some((_, voice)) => voice,
        None if stats.playfulness.get() >= 75 => &teasing::VOICE,
        None if stats.pride.get() >= 75 => &tsundere::VOICE,
        None if stats.warmth.get() <= 30 => &stoic::VOICE,
        None if stats.curiosity.get() >= 75 => &genki::VOICE,
        None => &gentle::VOICE,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ALL: [&Voice; 5] = [
        &genki::VOICE,
        &gentle::VOICE,
        &stoic::VOICE,
        &teasing::VOICE,
        &tsundere::VOICE,
    ];

    #[test]
    fn every_voice_has_a_line_for_everything_and_no_unknown_slot() {
        for voice in ALL {
            let with_word = [
                voice.greeting,
                voice.farewell,
                voice.thanked,
                voice.forgiving,
                voice.loved_early,
                voice.loved,
                voice.insulted,
                voice.snubbed,
                voice.comforting,
                voice.asked,
                voice.asked_her_name,
                voice.told,
                voice.honest,
                voice.calm,
                voice.hurt,
                voice.glad,
                voice.tender,
                voice.far,
                voice.near,
                voice.questions,
            ];
            for lines in with_word {
                assert!(
                    lines
                        .iter()
                        .any(|line| !line.contains("{word}") && !line.contains("like}")),
                    "{lines:?}"
                );
                assert!(lines.len() >= 3, "{lines:?}");
                assert!(
                    lines.iter().all(|line| !line.contains("like}")),
                    "{lines:?}"
                );
            }
            let of_likes = [
                voice.likes,
                voice.likes_when_hurt,
                voice.likes_when_fond,
                voice.delighted,
                voice.asked_her_likes,
            ];
            for lines in of_likes {
                assert!(
                    lines.iter().all(|line| line.contains("{like}")),
                    "{lines:?}"
                );
            }
            assert!(
                voice
                    .displeased
                    .iter()
                    .all(|line| line.contains("{dislike}"))
            );
            assert!(voice.heard.iter().all(|line| line.contains("{word}")));
            for line in voice.honest {
                let tells = ["AI", "model", "rule"]
                    .iter()
                    .all(|word| line.contains(word));
                assert!(tells, "{line}");
            }
            let questions: BTreeSet<_> = voice.questions.iter().collect();
            assert!(questions.len() >= LEAST_QUESTIONS);
            assert!(voice.questions.iter().all(|line| !line.contains('{')));
        }
    }
    #[test]
    fn every_voice_has_lines_of_its_own_for_every_deed() {
        let mut seen = BTreeSet::new();
        for voice in ALL {
            for (slot, lines) in [
                ("{thing}", voice.gift_loved),
                ("{thing}", voice.gift_liked),
                ("{thing}", voice.gift_neutral),
                ("{thing}", voice.gift_disliked),
                ("{thing}", voice.date_liked),
                ("{thing}", voice.date_neutral),
                ("{thing}", voice.date_disliked),
                ("{title}", voice.event),
                ("", voice.questions_at_deeds),
            ] {
                assert!(lines.len() >= 4, "{lines:?}");
                for line in lines {
                    assert!(seen.insert(line), "twice: {line}");
                    let bare = line.replace("{name}", "").replace("{me}", "");
                    assert!(!bare.replace(slot, "").contains('{'), "{line}");
                }
                // A name that isn't fit to be said leaves her speechless otherwise.
                assert!(lines.iter().any(|line| !line.contains("{t")), "{lines:?}");
            }
        }
    }
}
