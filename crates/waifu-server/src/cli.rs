//! The commands.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use waifu_app::ports::clock::Clock;
use waifu_app::use_cases::{Roles, Verified, VerifyLedger};
use waifu_domain::user::{Role, Username};

use crate::app::{App, Foundation, open_stores};
use crate::seeds::Seeds;
use crate::seeds::demo::{self, DemoClock};
use crate::settings::{DeployedIn, Settings};
use crate::system::SystemClock;
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
    /// Bring the shipped companions, gifts, dates and events into the store; twice is the same as once
    Seed(SeedOptions),
    /// Hold the ledger law against every relationship, and name the first row that breaks it
    VerifyLedger,
    /// Make a user an operator, or no longer one
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Bring the store's schema up to date
    Migrate,
    /// Print a document that describes this server
    Print { document: Document },
}

#[derive(Debug, clap::Args)]
struct SeedOptions {
    /// A folder with the folders companions, gifts, dates and events (of *.toml) instead of the shipped ones
    #[arg(long)]
    from: Option<std::path::PathBuf>,
    /// Add a demo user with a month of history
    #[arg(long)]
    demo: bool,
    /// Needed in production
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Subcommand)]
enum OperatorCommand {
    /// Let a user do what is under /admin
    Grant { name: Username },
    /// Take that right back
    Revoke { name: Username },
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
        Command::VerifyLedger => verify_ledger().await,
        Command::Operator(OperatorCommand::Grant { name }) => set_role(name, Role::Operator).await,
        Command::Operator(OperatorCommand::Revoke { name }) => set_role(name, Role::User).await,
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
    let app = App::build(settings).await?;
    // The app is all use cases by value.
    Box::pin(server::serve(app)).await
}

async fn seed(options: SeedOptions) -> anyhow::Result<()> {
    let settings = Settings::load()?;
    telemetry::start(&settings.log)?;
    if settings.environment == DeployedIn::Production && !options.yes {
        anyhow::bail!("this is production: say --yes to seed it");
    }
    let seeds = match &options.from {
        None => Seeds::shipped()?,
        Some(folder) => Seeds::from_folder(folder)?,
    };
    let foundation = Foundation::lay(&settings).await?;
    foundation.planter().plant(seeds).await?;
    if options.demo {
        let now = SystemClock.now();
        let clock = Arc::new(DemoClock::at(now));
        let app = App::for_demo(settings, foundation, Arc::clone(&clock) as Arc<dyn Clock>).await?;
        demo::live(&app, &clock, now).await?;
        app.supervisor.drain(Duration::ZERO).await;
    }
    Ok(())
}

async fn verify_ledger() -> anyhow::Result<()> {
    let settings = Settings::load()?;
    telemetry::start(&settings.log)?;
    let verify_ledger = VerifyLedger {
        store: open_stores(&settings.store).await?.store,
    };
    let bar = seeds::progress("relationships", verify_ledger.count().await?)?;
    let verified = verify_ledger
        .execute(&mut |verified| bar.set_position(verified.relationships))
        .await;
    bar.finish_and_clear();
    let Verified {
        relationships,
        rows,
    } = verified.context("failed to verify the ledger")?;
    say::line(&format!(
        "the ledger law holds: {relationships} relationships, {rows} rows"
    ));
    Ok(())
}

async fn set_role(name: Username, role: Role) -> anyhow::Result<()> {
    let settings = Settings::load()?;
    telemetry::start(&settings.log)?;
    let roles = Roles {
        store: open_stores(&settings.store).await?.store,
    };
    let user = roles.set(&name, role).await?;
    let user = user.with_context(|| format!("there is no user {name}"))?;
    let is = match user.role {
        Role::Operator => "is an operator",
        Role::User => "is no operator",
    };
    say::line(&format!("{} {is}", user.username));
    Ok(())
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
