//! Character cards: what is taken, what is refused, and that what is read and written reads as the same again.

mod any_card;
mod archives;
mod books;
mod companions;
mod fields;
mod files;
mod hostile;
mod pictures;
mod quirks;
mod round_trips;
mod written;
