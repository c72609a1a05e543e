//! `graphql-ws` and its own way to come back.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::support::chat::{KIND, id_of};
use crate::support::new_id;
use crate::support::program::Program;
use crate::support::rest::User;
use crate::support::way::Way;
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_chat_by_graphql_ws_is_told_to_its_end_after_a_cut,
        who_listens_by_graphql_ws_misses_nothing_over_a_cut,
    ],
}

const CUT_FOR: Duration = Duration::from_millis(400);

async fn hana(user: &User) -> String {
    let waifus = user.pages("/waifus", 100).await;
    id_of(
        waifus
            .iter()
            .find(|waifu| waifu["name"] == "Hana")
            .expect("her"),
    )
}

async fn a_chat_by_graphql_ws_is_told_to_its_end_after_a_cut(world: World) {
    let server = world.slow_server(&[]).await;
    let way = Way::to(&server.door).await;
    let id = new_id();
    let mut program = Program::javascript("say.mjs", &[&way.address, "ann", "Hana", &id, KIND]);
    program.says("TurnDelta").await;
    way.cut();
    sleep(CUT_FOR).await;
    way.lead_to(&server.door);
    assert_eq!(program.ended().await, Some(0));

    let ann = User::log_in(&server.door, "ann").await;
    let history = ann.history(&hana(&ann).await).await;
    assert_eq!(history.len(), 2, "it was said once: {history:#?}");
    let said = program.said();
    let frames: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect("a frame"))
        .collect();
    let accepted: Vec<_> = frames
        .iter()
        .filter(|frame| frame["__typename"] == "MessageAccepted")
        .map(|frame| &frame["duplicate"])
        .collect();
    assert_eq!(accepted, [false, true], "{said}");
    let done = frames.last().expect("frames");
    assert_eq!(done["status"], "COMPLETED", "{said}");
    assert_eq!(done["message"]["text"], history[0]["text"]);
}

async fn who_listens_by_graphql_ws_misses_nothing_over_a_cut(world: World) {
    let server = world.server().await;
    let way = Way::to(&server.door).await;
    let arguments = [
        "--url",
        &way.address,
        "--name",
        "ann",
        "--companion",
        "Hana",
    ];
    let mut program = Program::javascript("watch.mjs", &arguments);
    program.complains("(listening: ").await;
    let ann = User::log_in(&server.door, "ann").await;
    let hana = hana(&ann).await;
    ann.say(&hana, KIND).await.ok();
    program.says("COMPLETED: ").await;
    way.cut();
    ann.say(&hana, KIND).await.ok();
    ann.say(&hana, KIND).await.ok();
    sleep(CUT_FOR).await;
    way.lead_to(&server.door);
    program.complains("(going on: ").await;
    ann.say(&hana, "One more.").await.ok();
    for _ in 0..3 {
        program.says("COMPLETED: ").await;
    }
    let said = program.said();
    let told = said
        .lines()
        .filter_map(|line| line.strip_prefix("COMPLETED: "));
    let told: Vec<_> = told.map(Value::from).collect();
    let history = ann.history(&hana).await;
    let spoken = history
        .iter()
        .rev()
        .filter(|message| message["role"] == "waifu");
    let spoken: Vec<_> = spoken.map(|message| message["text"].clone()).collect();
    assert_eq!(told, spoken, "{said}");
}
