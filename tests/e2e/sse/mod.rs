//! A turn as an event stream.

mod resuming;
mod streaming;
