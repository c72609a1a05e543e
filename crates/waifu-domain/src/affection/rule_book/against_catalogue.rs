//! A rule book and a catalogue have to fit: gates name events that can pass them, and no cap is below what one
//! entry gives.

use super::{Cap, RuleBook, RuleBookError, refuse};
use crate::catalogue::Catalogue;
use crate::events::Trigger;
use crate::slug::Slug;

impl RuleBook {
    pub fn check_against(&self, catalogue: &Catalogue) -> Result<(), RuleBookError> {
        for (level, event) in &self.gates {
            let path = format!("gates.events.{}", level.get());
            let opens = catalogue.events.get(event);
            let opens = opens.filter(|event| !event.is_retired);
            match opens.map(|event| &event.trigger) {
                None => return refuse(path, format!("there is no event {event}")),
                // Whoever opens a gate has a choice that passes it, or it could not be.
                Some(Trigger::Gate) => {}
                Some(_) => {
                    return refuse(
                        path,
                        format!("the trigger of the event {event} is not gate"),
                    );
                }
            }
        }
        let gifts = catalogue.gifts.iter();
        let gifts = gifts.map(|(key, gift)| (key, gift.base.get()));
        let dates = catalogue.dates.iter();
        let dates = dates.map(|(key, date)| (key, date.base.get()));
        let effects = catalogue.events.iter().flat_map(|(key, event)| {
            let choices = event.choices.iter();
            choices.map(move |choice| (key, choice.effect.get()))
        });
        // What she dislikes takes as much as it would have given.
        let either_way = |(key, base): (_, i32)| [(key, base), (key, -base)];
        fits("gifts", self.gifts().cap, gifts.flat_map(either_way))?;
        fits("dates", self.dates().cap, dates.flat_map(either_way))?;
        fits("events", self.events().cap, effects)
    }
}

fn fits<'a>(
    section: &str,
    cap: Cap,
    moves: impl Iterator<Item = (&'a Slug, i32)>,
) -> Result<(), RuleBookError> {
    for (key, points) in moves {
        let (side, room) = if points < 0 {
            ("loss", cap.loss)
        } else {
            ("gain", cap.gain)
        };
        if points.abs() > room {
            let path = format!("{section}.cap.{side}");
            return refuse(path, format!("is {room}, and {key} alone moves {points}"));
        }
    }
    Ok(())
}
