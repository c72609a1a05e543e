//! The real server as a process of its own, over real sockets, from registration to the last goodbye: every
//! scenario plays on both stores, answered by the offline companion and by a scripted model.
//!
//! `cargo xtask test` builds the server and starts the PostgreSQL that this needs.

#[cfg(test)]
#[macro_use]
mod support;

#[cfg(test)]
mod clients;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod graphql;
#[cfg(test)]
mod operators;
#[cfg(test)]
mod pool;
#[cfg(test)]
mod rest;
#[cfg(test)]
mod sse;
#[cfg(test)]
mod walk;
#[cfg(test)]
mod ws;
