//! A server that comes back knows what it knew.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};
use waifu_testkit::mock_llm::{Answer, Speech};

use crate::support::chat::KIND;
use crate::support::rest::User;
use crate::support::socket::{Socket, words_from};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_restart_forgets_nothing,
    ],
    with_a_scripted_model: [
        a_conversation_goes_on_after_the_server_was_killed,
    ],
}

async fn a_restart_forgets_nothing(world: World) {
    let mut server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let id = crate::support::new_id();
    let answer = ada.say_as(&hana, &id, KIND).await.ok();
    let before = ada.everything_with(&hana).await;
    let companions = ada.pages("/waifus", 100).await;
    assert!(server.stop().await.success());

    server.start_again().await;
    // The token is from before, and so is the key that it was signed with.
    let again = ada.through(&server.door);
    assert_eq!(again.everything_with(&hana).await, before);
    assert_eq!(again.pages("/waifus", 100).await, companions);
    assert_eq!(again.say_as(&hana, &id, KIND).await.ok(), answer);
    assert_eq!(User::log_in(&server.door, &ada.name).await.id, ada.id);
    let refreshed = server
        .door
        .post(
            "/auth/refresh",
            &json!({"refresh_token": ada.refresh_token}),
        )
        .await;
    assert_eq!(refreshed.ok()["user"]["id"], ada.id.as_str());
    let (mut socket, ready) = Socket::ready(&again, &hana).await;
    assert_eq!(ready["seq"], 5);
    socket.say("and on we go").await;
    assert_eq!(socket.expect("message.accepted").await["seq"], 6);
}

async fn a_conversation_goes_on_after_the_server_was_killed(world: World) {
    const USABLE_WITHIN: Duration = Duration::from_secs(20);

    let mut server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let words: Vec<String> = (0..100).map(|no| format!("word{no}")).collect();
    let words = words.join(" ");
    server.model().push(
        Speech::of(&words)
            .word_every(Duration::from_millis(200))
            .into(),
    );
    server.model().set_default(Answer::words("I am back."));
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let id = socket.say(KIND).await;
    let mut frames = Vec::new();
    // Words are saved every second: by now some are.
    while words_from(0, &frames).split_whitespace().count() < 12 {
        frames.extend(socket.until("turn.delta").await);
    }
    let turn_id = frames[0]["turn_id"].clone();
    server.kill();
    let killed = Instant::now();

    server.start_again().await;
    let ada = ada.through(&server.door);
    // Accepted means kept.
    assert_eq!(ada.history(&hana).await.last().unwrap()["text"], KIND);
    let answer = loop {
        let answer = ada.say(&hana, "Are you there?").await;
        if answer.status == 200 {
            break answer.ok();
        }
        let problem = answer.problem(409, "turn_in_progress");
        assert_eq!(problem["turn_id"], turn_id);
        assert!(
            killed.elapsed() < USABLE_WITHIN,
            "not usable {:?} after the server's death",
            killed.elapsed()
        );
        sleep(Duration::from_millis(200)).await;
    };
    println!("usable {:?} after the server's death", killed.elapsed());
    assert!(killed.elapsed() < USABLE_WITHIN);
    assert_eq!(
        (&answer["turn_no"], &answer["reply"]["text"]),
        (&json!(2), &json!("I am back."))
    );

    let history = ada.history(&hana).await;
    let kept = &history[2];
    assert_eq!(
        (&kept["turn_id"], &kept["role"]),
        (&turn_id, &json!("waifu")),
        "{history:?}"
    );
    assert_eq!(kept["status"], "incomplete");
    let text = kept["text"].as_str().unwrap();
    assert!(!text.is_empty() && words.starts_with(text), "{text:?}");
    assert_eq!(history.len(), 4);
    // She was heard, so it counted, once.
    let ledger = ada.ledger(&hana).await;
    assert_eq!(ledger.len(), 2);
    assert_eq!(ledger[1]["cause"]["turn_id"], turn_id);
    let repeated = ada.say_as(&hana, &id, KIND).await.ok();
    assert_eq!(
        (&repeated["turn_id"], &repeated["reason"]),
        (&turn_id, &json!("abandoned"))
    );
}
