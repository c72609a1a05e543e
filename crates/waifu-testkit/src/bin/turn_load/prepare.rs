//! Makes the users and the histories that turns are measured with: by the API, as anybody else would.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tokio::task::JoinSet;

use crate::ask::Asker;
use crate::cast::CastFile;
use crate::pace::drive_turns;
use crate::say;
use crate::target::Target;
use crate::template::Member;

/// The server works on no more passwords at once than two.
const REGISTRATIONS_AT_ONCE: usize = 4;
const TURNS_AT_ONCE: u32 = 32;
const PASSWORD: &str = "correct horse battery staple";

#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) users: usize,
    /// With how many companions each of them talks.
    pub(crate) companions: usize,
    /// How many turns each relationship has behind it.
    pub(crate) turns: usize,
}

/// Registers the users, has each of them talk, and writes down who they are.
pub(crate) async fn prepare(server: &str, model: &str, wanted: Wanted, cast: &Path) -> Result<()> {
    let tokens = register(server, wanted.users).await?;
    let companions = companions(server, &tokens[0], wanted.companions).await?;
    // One user's relationships are far from one another, so that he is not in many turns at once.
    let members: Vec<Member> = (0..wanted.companions)
        .flat_map(|shift| {
            tokens
                .iter()
                .enumerate()
                .map(move |(user, token)| (user + shift, token))
        })
        .map(|(number, token)| {
            let companion = &companions[number % companions.len()];
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            Member::from([pair("token", token), pair("waifu_id", companion)])
        })
        .collect();
    let turns = wanted.turns * members.len();
    say::line(&format!(
        "{} users and {} relationships; {turns} turns to come",
        tokens.len(),
        members.len()
    ));
    let target = Rc::new(Target::product(server, members.clone())?);
    let outcome = drive_turns(&target, TURNS_AT_ONCE, turns).await;
    if !outcome.errors.is_empty() {
        bail!("failed to make a history: {:?}", outcome.errors);
    }
    say::line(&format!(
        "{turns} turns in {:.1} s",
        outcome.took.as_secs_f64()
    ));
    let prompt_bytes = last_request_bytes(model)
        .await
        .context("failed to ask the model")?;
    CastFile {
        members,
        prompt_bytes,
    }
    .write(cast)
}

/// The access tokens of so many new users.
async fn register(server: &str, users: usize) -> Result<Vec<String>> {
    ensure!(users > 0, "nobody is to talk");
    let next = Rc::new(Cell::new(0));
    let tokens = Rc::new(RefCell::new(Vec::with_capacity(users)));
    let mut clerks = JoinSet::new();
    for _ in 0..REGISTRATIONS_AT_ONCE {
        let (next, tokens, mut asker) = (Rc::clone(&next), Rc::clone(&tokens), Asker::of(server)?);
        clerks.spawn_local(async move {
            while next.get() < users {
                let number = next.replace(next.get() + 1);
                let account = json!({"username": format!("bench-{number}"), "password": PASSWORD});
                let registered = asker.post("/auth/register", &account).await?;
                let token = registered["access_token"]
                    .as_str()
                    .context("a user got no token")?;
                tokens.borrow_mut().push(token.to_owned());
            }
            Ok(())
        });
    }
    let ended: Result<Vec<()>> = clerks.join_all().await.into_iter().collect();
    ended.context("failed to register users")?;
    Ok(tokens.take())
}

async fn companions(server: &str, token: &str, wanted: usize) -> Result<Vec<String>> {
    let page = Asker::of(server)?.get("/waifus?limit=50", token).await?;
    let items = page["items"]
        .as_array()
        .context("the server has no list of companions")?;
    let ids: Vec<String> = items
        .iter()
        .filter_map(|waifu| Some(waifu["id"].as_str()?.to_owned()))
        .collect();
    ensure!(
        ids.len() >= wanted,
        "the server has {} companions, not {wanted}",
        ids.len()
    );
    Ok(ids)
}

async fn last_request_bytes(model: &str) -> Result<usize> {
    let stats = Asker::of(model)?.get("/stats", "").await?;
    let bytes = stats["last_request_bytes"]
        .as_u64()
        .context("its stats tell no length")?;
    Ok(usize::try_from(bytes)?)
}
