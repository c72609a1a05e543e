//! `waifu-server`: the server behind AI companions, and its operators' commands.

#![expect(
    unreachable_pub,
    reason = "a binary has no outside; `pub` says what a module offers to the others"
)]

mod app;
mod auth;
mod cli;
mod companion;
mod docs;
mod frames;
mod graphql;
mod limits;
mod metrics;
mod peer;
mod problem;
mod rest;
mod rules;
mod say;
mod seeds;
mod server;
mod settings;
mod sockets;
mod system;
mod telemetry;
mod turn_frames;
mod ws;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Small buffers by the thousand, freed on other threads than made them: the system's allocator keeps what it once had.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Multi-threaded: turns outlive the requests that began them, and migrations block.
#[tokio::main]
async fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    settings::arm_failpoint();
    match cli::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
