//! What an event is: when it comes up, what can be chosen, and what that does.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use time::Duration;

use crate::bounded::{Bounded, Text};
use crate::catalogue::Requirements;
use crate::relationship::{Affection, Level, Presence};
use crate::slug::Slug;
use crate::user::DisplayName;
use crate::waifu::MonthDay;

/// Cheaper repeats of what warms her would be a pump.
const LEAST_COOLDOWN_OF_A_GAIN: i32 = 7;
/// What comes every year has to be over long before it comes again.
const LONGEST_YEARLY_LIFETIME: i32 = 60;
const MOST_CHOICES: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Draft")]
pub struct EventDefinition {
    pub title: DisplayName,
    /// What the model is told.
    pub scene: Text<2000>,
    pub trigger: Trigger,
    pub requires: Requirements,
    pub repeat: Repeat,
    /// How long it waits for a choice, in days; `None` is for as long as it takes.
    lifetime_days: Option<Bounded<1, 365>>,
    /// It presses the user to come back: not for minors.
    pub presses_for_return: bool,
    pub choices: Vec<Choice>,
    pub on_expiry: Expiry,
    /// It comes up no more; what waits for a choice still does.
    #[serde(skip)]
    pub is_retired: bool,
}

/// What brings an event up. Looked at after every act and when a relationship is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trigger {
    /// The rule book's gate of this event holds a level.
    Gate,
    /// There is an interaction of a kind.
    First {
        kind: Presence,
    },
    /// There are so many interactions of a kind.
    Nth {
        kind: Presence,
        n: Bounded<1, 1_000_000>,
    },
    Level {
        level: Level,
    },
    Affection {
        points: Affection,
    },
    /// Whole days since they met.
    DaysKnown {
        days: Bounded<1, 36_500>,
    },
    /// Whole days without a word, at the return.
    DaysAbsent {
        days: Bounded<1, 36_500>,
    },
    HerBirthday,
    UserBirthday,
    /// The day on which they met, in later years.
    Anniversary,
    /// A day of the calendar.
    Day(MonthDay),
}

/// How often an event may come up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    #[default]
    Once,
    Yearly,
    /// So many days after it was resolved or expired.
    #[serde(untagged)]
    Cooldown(Cooldown),
}

impl<'de> Deserialize<'de> for Repeat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RepeatVisitor)
    }
}

struct RepeatVisitor;

impl<'de> Visitor<'de> for RepeatVisitor {
    type Value = Repeat;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("once, yearly, or { cooldown_days = 1 to 3650 }")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Repeat, E> {
        match word {
            "once" => Ok(Repeat::Once),
            "yearly" => Ok(Repeat::Yearly),
            _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Repeat, A::Error> {
        Cooldown::deserialize(MapAccessDeserializer::new(map)).map(Repeat::Cooldown)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cooldown {
    cooldown_days: Bounded<1, 3650>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub key: Slug,
    /// What the user sees.
    pub label: Text<120>,
    /// Points of affection.
    pub effect: Bounded<-20, 20>,
    #[serde(default)]
    pub passes_gate: bool,
    #[serde(default)]
    pub unlocks: BTreeSet<Slug>,
    /// For the model: what the choice means.
    pub line: Text<500>,
}

/// What it does that an event was never answered; it never moves affection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expiry {
    pub words: Option<Text<500>>,
    pub unlocks: BTreeSet<Slug>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEvent {
    #[error("choices must be 1 to {MOST_CHOICES}, are {0}")]
    Choices(usize),
    #[error("choices: there are two with the key {0}")]
    SameChoice(Slug),
    #[error(
        "repeat: the choice {0} has an effect above 0, which wants once, yearly, or a cooldown of at least {LEAST_COOLDOWN_OF_A_GAIN} days"
    )]
    Pump(Slug),
    #[error(
        "lifetime_days: what comes every year must end within 1 to {LONGEST_YEARLY_LIFETIME} days"
    )]
    Yearly,
    #[error("{0}: an event that opens a gate has none")]
    OnGate(&'static str),
    #[error("choices: only an event that opens a gate can pass one, and {0} does")]
    PassesNothing(Slug),
    #[error("choices: an event that opens a gate needs one that passes it")]
    NeverPasses,
}

impl Repeat {
    pub(crate) fn cooldown(self) -> Option<Duration> {
        match self {
            Self::Once | Self::Yearly => None,
            Self::Cooldown(Cooldown { cooldown_days }) => {
                Some(Duration::days(cooldown_days.get().into()))
            }
        }
    }
}

impl EventDefinition {
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime_days
            .map(|days| Duration::days(days.get().into()))
    }

    pub fn choice(&self, key: &Slug) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.key == *key)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    title: DisplayName,
    scene: Text<2000>,
    trigger: Trigger,
    #[serde(default)]
    requires: Requirements,
    #[serde(default)]
    repeat: Repeat,
    lifetime_days: Option<Bounded<1, 365>>,
    #[serde(default)]
    presses_for_return: bool,
    choices: Vec<Choice>,
    #[serde(default)]
    on_expiry: Expiry,
}

impl TryFrom<Draft> for EventDefinition {
    type Error = NotAnEvent;

    fn try_from(draft: Draft) -> Result<Self, NotAnEvent> {
        draft.check_choices()?;
        draft.check_repeat()?;
        if draft.trigger == Trigger::Gate {
            draft.check_gate()?;
        } else if let Some(choice) = draft.choices.iter().find(|choice| choice.passes_gate) {
            return Err(NotAnEvent::PassesNothing(choice.key.clone()));
        }
        Ok(Self {
            title: draft.title,
            scene: draft.scene,
            trigger: draft.trigger,
            requires: draft.requires,
            repeat: draft.repeat,
            lifetime_days: draft.lifetime_days,
            presses_for_return: draft.presses_for_return,
            choices: draft.choices,
            on_expiry: draft.on_expiry,
            is_retired: false,
        })
    }
}

impl Draft {
    fn check_choices(&self) -> Result<(), NotAnEvent> {
        if !(1..=MOST_CHOICES).contains(&self.choices.len()) {
            return Err(NotAnEvent::Choices(self.choices.len()));
        }
        let mut keys = BTreeSet::new();
        match self.choices.iter().find(|choice| !keys.insert(&choice.key)) {
            Some(second) => Err(NotAnEvent::SameChoice(second.key.clone())),
            None => Ok(()),
        }
    }

    fn check_repeat(&self) -> Result<(), NotAnEvent> {
        let lifetime = self.lifetime_days.map(Bounded::get);
        if self.repeat == Repeat::Yearly
            && lifetime.is_none_or(|days| days > LONGEST_YEARLY_LIFETIME)
        {
            return Err(NotAnEvent::Yearly);
        }
        let least = Duration::days(LEAST_COOLDOWN_OF_A_GAIN.into());
        let is_pump = self
            .repeat
            .cooldown()
            .is_some_and(|cooldown| cooldown < least);
        let gain = self.choices.iter().find(|choice| choice.effect.get() > 0);
        match gain.filter(|_| is_pump) {
            Some(choice) => Err(NotAnEvent::Pump(choice.key.clone())),
            None => Ok(()),
        }
    }

    /// The rule book says when it opens, and it waits until it is answered.
    fn check_gate(&self) -> Result<(), NotAnEvent> {
        let has = [
            ("requires", self.requires != Requirements::default()),
            ("repeat", self.repeat != Repeat::Once),
            ("lifetime_days", self.lifetime_days.is_some()),
            ("on_expiry", self.on_expiry != Expiry::default()),
            ("presses_for_return", self.presses_for_return),
        ];
        if let Some((field, _)) = has.into_iter().find(|(_, has)| *has) {
            return Err(NotAnEvent::OnGate(field));
        }
        if self.choices.iter().any(|choice| choice.passes_gate) {
            Ok(())
        } else {
            Err(NotAnEvent::NeverPasses)
        }
    }
}
