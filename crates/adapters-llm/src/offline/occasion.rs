//! What she answers: the texts that it is made of, and how she takes it.

use waifu_domain::affection::Taste;
use waifu_domain::prompt::Occasion;

/// How she takes what he brings her or takes her to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reception {
    /// There is nothing that she likes more.
    Loved,
    Liked,
    Neutral,
    Disliked,
}

/// Where her likes may be named: his words, or what the deed is called.
pub(super) fn subject(occasion: &Occasion) -> &str {
    match occasion {
        Occasion::Chat { said } => said,
        Occasion::Gift { name, .. } | Occasion::Date { name, .. } => name,
        Occasion::Event { title, .. } => title,
    }
}

/// All of it, for the dice.
pub(super) fn texts(occasion: &Occasion) -> Vec<&str> {
    match occasion {
        Occasion::Chat { said } => vec![said],
        Occasion::Gift {
            name,
            description,
            taste,
        } => vec!["gift", name, description, Reception::of(*taste).as_str()],
        Occasion::Date {
            name,
            description,
            taste,
        } => vec!["date", name, description, Reception::of(*taste).as_str()],
        Occasion::Event {
            title,
            scene,
            choice,
            line,
        } => vec!["event", title, scene, choice, line],
    }
}

impl Reception {
    pub(super) fn of(taste: Taste) -> Self {
        match taste {
            Taste::Liked(weight) if weight.get() == 3 => Self::Loved,
            Taste::Liked(_) => Self::Liked,
            Taste::Neutral => Self::Neutral,
            Taste::Disliked(_) => Self::Disliked,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Loved => "loved",
            Self::Liked => "liked",
            Self::Neutral => "neutral",
            Self::Disliked => "disliked",
        }
    }
}
