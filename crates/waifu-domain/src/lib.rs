//! What a companion is and how a relationship with her moves: values in, values out.
//!
//! Nothing here knows a clock, a random number, a database or a network. Times and ids are arguments, rules
//! are integer arithmetic, and every type that can be built is valid.

pub mod affection;
pub mod bounded;
pub mod card;
pub mod catalogue;
pub mod events;
pub mod ids;
pub mod locale;
pub mod lore;
pub mod macros;
pub mod prompt;
pub mod relationship;
pub mod slug;
pub mod time_zone;
pub mod timestamp;
pub mod turn;
pub mod user;
pub mod waifu;
