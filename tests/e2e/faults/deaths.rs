//! The process dies, as if the machine had lost its power, before and after every await and commit of the two commits
//! of a turn. Nothing that was promised is lost, nothing counts twice, and all goes on soon.

use std::os::unix::process::ExitStatusExt;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use tokio::time::Instant;
use tokio_postgres::NoTls;

use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::survivor::{
    By, Conversation, DOORS, USABLE_WITHIN, check, hold_the_law, make_up,
};
use crate::support::world::{Store, World};

scenarios! {
    with_a_scripted_model: [
        who_dies_while_a_message_is_accepted_has_kept_it_or_not_promised_it,
        who_dies_while_an_answer_is_settled_has_counted_it_once_or_not_at_all,
        who_dies_in_the_middle_of_a_transaction_has_written_nothing,
        who_dies_while_a_relationship_is_made_has_made_one_or_none,
        who_dies_while_an_event_runs_out_with_a_turn_has_counted_it_once,
    ],
}

/// So many deaths at each place, each at a later arrival there.
const DEATHS: usize = 5;
/// So many conversations are under way when the process dies.
const AT_ONCE: usize = 5;
/// By then it has come to its place often enough.
const MOST_ROUNDS: usize = 4;
const ABORTED: i32 = 6;
/// Of [`crate::support::server::Server`]s that live.
const NOWHERE: &str = "nowhere:1";

struct Deaths {
    place: &'static str,
    /// The first arrival that is deadly; those before are part of the start.
    first: usize,
    before: Before,
}

/// What has happened between the two before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// The first message, which is stored in a way of its own.
    AMessage,
    /// A message, and the event that it opened has run out.
    AnEventThatHasRunOut,
}

fn deaths(place: &'static str) -> Deaths {
    Deaths {
        place,
        first: 1,
        before: Before::AMessage,
    }
}

fn after(before: Before, place: &'static str) -> Deaths {
    Deaths {
        before,
        ..deaths(place)
    }
}

async fn who_dies_while_a_message_is_accepted_has_kept_it_or_not_promised_it(world: World) {
    play(
        world,
        &match world.store {
            Store::Sqlite => vec![deaths("accept.asked"), deaths("accept.answered")],
            Store::Postgres => vec![
                deaths("accept.asked"),
                deaths("accept.sent"),
                deaths("accept.committed"),
                deaths("accept.answered"),
            ],
        },
    )
    .await;
}

async fn who_dies_while_an_answer_is_settled_has_counted_it_once_or_not_at_all(world: World) {
    play(
        world,
        &match world.store {
            Store::Sqlite => vec![deaths("settle.asked"), deaths("settle.answered")],
            Store::Postgres => vec![
                deaths("settle.asked"),
                deaths("settle.sent"),
                deaths("settle.committed"),
                deaths("settle.answered"),
            ],
        },
    )
    .await;
}

async fn who_dies_in_the_middle_of_a_transaction_has_written_nothing(world: World) {
    // The rule book and the first look for abandoned runs are the groups of a start.
    let group = |place| Deaths {
        first: 4,
        ..deaths(place)
    };
    play(
        world,
        &match world.store {
            Store::Sqlite => vec![
                deaths("accept.wrote"),
                deaths("settle.wrote"),
                group("group.begun"),
                group("group.written"),
                group("group.committed"),
            ],
            Store::Postgres => vec![
                after(Before::Nothing, "accept.slow.wrote"),
                after(Before::AnEventThatHasRunOut, "settle.slow.wrote"),
            ],
        },
    )
    .await;
}

async fn who_dies_while_a_relationship_is_made_has_made_one_or_none(world: World) {
    play(
        world,
        &match world.store {
            Store::Sqlite => vec![
                after(Before::Nothing, "accept.wrote"),
                after(Before::Nothing, "accept.answered"),
            ],
            Store::Postgres => vec![
                after(Before::Nothing, "accept.slow.written"),
                after(Before::Nothing, "accept.slow.committed"),
                after(Before::Nothing, "accept.answered"),
            ],
        },
    )
    .await;
}

async fn who_dies_while_an_event_runs_out_with_a_turn_has_counted_it_once(world: World) {
    // Only PostgreSQL settles these in a way of their own.
    if world.store == Store::Postgres {
        play(
            world,
            &[
                after(Before::AnEventThatHasRunOut, "settle.slow.written"),
                after(Before::AnEventThatHasRunOut, "settle.slow.committed"),
            ],
        )
        .await;
    }
}

/// All at once, each with a store of its own, so that the leases of all run out together.
async fn play(world: World, places: &[Deaths]) {
    join_all(places.iter().map(|deaths| die(world, deaths))).await;
}

async fn die(world: World, deaths: &Deaths) {
    let settings = [
        ("WAIFU__STORE__POOL_SIZE", "3"),
        ("WAIFU_FAILPOINT", NOWHERE),
    ];
    let mut server = world.server_with(&settings).await;
    let mut conversations = begin(&server, deaths.before).await;
    let mut died = Instant::now();
    for (no, conversations) in conversations.chunks_mut(AT_ONCE).enumerate() {
        let order = format!("{}:{}", deaths.place, deaths.first + no);
        let armed = [("WAIFU_FAILPOINT", order.as_str())];
        // One that comes to its place as it tidies up after the death before does not get as far as listening.
        if let Err(exit) = server.try_to_start_again_with(&armed).await {
            assert!(exit.starts_with("signal: 6"), "{exit}");
        } else {
            talk(&server, conversations, deaths.before).await;
            let exit = server.ended().await;
            assert_eq!(
                exit.signal(),
                Some(ABORTED),
                "{order} was not come to: {exit}"
            );
        }
        died = Instant::now();
    }
    server
        .start_again_with(&[("WAIFU_FAILPOINT", NOWHERE)])
        .await;
    let open = make_up(&mut conversations, &server.door, died + USABLE_WITHIN).await;
    println!(
        "{}: {DEATHS} deaths, {open} messages without an answer, usable {:?} after the last one",
        deaths.place,
        died.elapsed()
    );
    assert!(open > 0, "nobody was left without an answer");
    check(&conversations, &server.door).await;
    hold_the_law(&mut server).await;
}

/// As many conversations as will meet a death.
async fn begin(server: &Server, before: Before) -> Vec<Conversation> {
    // One user may not be answered in all of them at once.
    let (ada, bob) = (server.user().await, server.user().await);
    let (cyd, dan) = (server.user().await, server.user().await);
    let mut conversations = Vec::new();
    for user in [ada, bob, cyd, dan].iter().cycle().take(DEATHS * AT_ONCE) {
        conversations.push(Conversation::of(user, user.companion().await));
    }
    if before == Before::Nothing {
        return conversations;
    }
    stream::iter(&mut conversations)
        .for_each_concurrent(AT_ONCE, async |conversation| {
            let said = conversation.say(&server.door, By::Rest).await;
            said.expect("the server is well");
        })
        .await;
    if before == Before::AnEventThatHasRunOut {
        let closed = run_out(&server.place).await;
        assert!(closed >= conversations.len() as u64, "{closed}");
    }
    conversations
}

/// All of them at once, until the server is gone.
async fn talk(server: &Server, conversations: &mut [Conversation], before: Before) {
    // Whoever opens a socket is shown what has run out, before a turn gets to it.
    let doors: &[By] = match before {
        Before::AnEventThatHasRunOut => &[By::Rest, By::Stream],
        Before::Nothing | Before::AMessage => &DOORS,
    };
    let talking = conversations
        .iter_mut()
        .enumerate()
        .map(|(no, conversation)| {
            let door = &server.door;
            async move {
                for round in 0..MOST_ROUNDS {
                    let by = doors[(no + round) % doors.len()];
                    if conversation.say(door, by).await.is_err() {
                        return;
                    }
                }
            }
        });
    join_all(talking).await;
}

async fn run_out(place: &Place) -> u64 {
    let url = place.database_url().expect("a store in PostgreSQL");
    let (client, connection) = tokio_postgres::connect(&url, NoTls)
        .await
        .expect("a database");
    tokio::spawn(connection);
    let sql = "update event_occurrences set expires_at = opened_at where state = 'pending'";
    client.execute(sql, &[]).await.expect("rows")
}
