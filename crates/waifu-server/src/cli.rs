//! The commands.

use std::sync::Arc;

use clap::{Parser, Subcommand, ValueEnum};
use waifu_app::use_cases::SeedWaifus;

use crate::app::{App, open_stores};
use crate::settings::{DeployedIn, Settings};
use crate::system::{SystemClock, TimeOrderedIds};
use crate::{graphql, problem, rest, say, seeds, server, telemetry};

/// The server behind AI companions.
///
/// Settings come from config/*.toml and from WAIFU__* variables, such as WAIFU__SERVER__PORT=9000.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve (what happens without a command)
    Serve,
    /// Bring the shipped companions into the store; twice is the same as once
    Seed(SeedOptions),
    /// Bring the store's schema up to date
    Migrate,
    /// Print a document that describes this server
    Print { document: Document },
}

#[derive(Debug, clap::Args)]
struct SeedOptions {
    /// A folder of companions (*.toml) instead of the shipped ones
    #[arg(long)]
    from: Option<std::path::PathBuf>,
    /// Needed in production
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Document {
    /// The REST door, as OpenAPI 3.1
    Openapi,
    /// The GraphQL schema
    Graphql,
    /// The error codes, as Markdown
    Errors,
}

pub async fn run() -> anyhow::Result<()> {
    match Cli::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => serve().await,
        Command::Seed(options) => seed(options).await,
        Command::Migrate => migrate().await,
        Command::Print { document } => {
            say::line(print(document).trim_end());
            Ok(())
        }
    }
}

async fn serve() -> anyhow::Result<()> {
    let settings = Settings::load()?;
    telemetry::start(&settings.log)?;
    server::serve(App::build(settings).await?).await
}

async fn seed(options: SeedOptions) -> anyhow::Result<()> {
    let settings = Settings::load()?;
    telemetry::start(&settings.log)?;
    if settings.environment == DeployedIn::Production && !options.yes {
        anyhow::bail!("this is production: say --yes to seed it");
    }
    let companions = seeds::companions(options.from.as_deref())?;
    let seed_waifus = SeedWaifus {
        store: open_stores(&settings.store).await?.store,
        clock: Arc::new(SystemClock),
        ids: Arc::new(TimeOrderedIds),
    };
    seeds::plant(&seed_waifus, companions).await
}

async fn migrate() -> anyhow::Result<()> {
    let settings = Settings::load()?;
    telemetry::start(&settings.log)?;
    open_stores(&settings.store).await?;
    say::line("the store's schema is up to date");
    Ok(())
}

fn print(document: Document) -> String {
    match document {
        Document::Openapi => rest::openapi::Document::new().as_str().to_owned(),
        Document::Graphql => graphql::schema_document(),
        Document::Errors => problem::document(),
    }
}
