//! Her words about what was done: a turn of their own, on which nothing depends.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;
use waifu_testkit::mock_llm::Answer;

use crate::support::acts::row_of;
use crate::support::chat::{KIND, change_of, id_of};
use crate::support::shape::shape;
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        her_words_about_a_gift_are_a_turn_of_their_own,
        her_words_about_a_date_and_a_choice_are_turns_too,
        a_gift_while_she_speaks_is_given_without_words,
        whoever_hangs_up_at_once_has_given_the_gift,
    ],
    with_a_scripted_model: [
        a_gift_is_given_though_the_model_is_down,
        she_remembers_what_she_said_of_a_gift,
    ],
}

async fn her_words_about_a_gift_are_a_turn_of_their_own(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let done = ada.give(&hana, "wildflowers").await.ok();
    insta::assert_json_snapshot!("given", shape(&done));
    let history = ada.history(&hana).await;
    assert_eq!(history.len(), 1, "{history:?}");
    let (turn, said) = (&done["turn"], &history[0]);
    assert_eq!(said["role"], "waifu");
    assert_eq!(said["turn_id"], turn["turn_id"]);
    assert_eq!((&said["turn_no"], &turn["turn_no"]), (&json!(1), &json!(1)));
    let reply = json!({"id": said["id"], "text": said["text"], "emotion": said["emotion"]});
    assert_eq!(done["reply"], reply);
    assert!(!said["text"].as_str().unwrap().is_empty());
    if world.model == Model::Scripted {
        let requests = server.model().requests();
        let told = requests.last().unwrap().body["messages"].to_string();
        assert!(told.contains("A handful of wildflowers"), "{told}");
    }

    let next = ada.say(&hana, KIND).await.ok();
    assert_eq!(next["turn_no"], 2);
    assert_eq!(ada.history(&hana).await.len(), 3);
}

async fn she_remembers_what_she_said_of_a_gift(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let words = "I shall press one of them.";
    server.model().push(Answer::words(words));
    ada.give(&hana, "wildflowers").await.ok();
    ada.say(&hana, "Which one?").await.ok();
    let requests = server.model().requests();
    let told = requests.last().unwrap().body["messages"].to_string();
    assert!(told.contains(words), "{told}");
}

async fn her_words_about_a_date_and_a_choice_are_turns_too(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let date = ada.go(&hana, "chess_in_the_park").await.ok();
    let choice = ada.choose(&hana, "first_date", "long_way").await.ok();
    let history = ada.history(&hana).await;
    for (done, said, kind, turn_no) in [
        (&date, &history[1], "date", 1),
        (&choice, &history[0], "event", 2),
    ] {
        let turn = json!({
            "turn_id": said["turn_id"], "turn_no": turn_no, "kind": kind, "status": "completed",
        });
        assert_eq!(done["turn"], turn);
        assert_eq!(done["reply"]["id"], said["id"]);
        assert_eq!(said["role"], "waifu");
    }
    if world.model == Model::Scripted {
        let told = server.model().requests();
        let told = told.last().unwrap().body["messages"].to_string();
        assert!(told.contains("The long way home"), "{told}");
    }
}

async fn a_gift_is_given_though_the_model_is_down(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    server.model().set_default(Answer::status(500, "{}"));
    let done = ada.give(&hana, "wildflowers").await.ok();
    assert_eq!(change_of(&row_of(&done)), 3);
    assert_eq!(done["relationship"]["affection"], 3);
    assert_eq!(
        (&done["turn"]["kind"], &done["turn"]["status"]),
        (&json!("gift"), &json!("failed"))
    );
    assert_eq!(done["reply"], Value::Null);
    assert!(ada.history(&hana).await.is_empty());

    server.model().set_default(Answer::echo());
    ada.say(&hana, KIND).await.ok();
    assert_eq!(ada.relationship(&hana).await["affection"], 6);
}

async fn a_gift_while_she_speaks_is_given_without_words(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let talking = tokio::spawn({
        let (ada, hana) = (ada.clone(), hana.clone());
        async move { ada.say(&hana, KIND).await.ok() }
    });
    while ada.history(&hana).await.is_empty() {
        sleep(Duration::from_millis(20)).await;
    }
    let done = ada.give(&hana, "wildflowers").await.ok();
    assert_eq!(change_of(&row_of(&done)), 3);
    assert_eq!(
        (&done["turn"], &done["reply"]),
        (&Value::Null, &Value::Null)
    );
    assert!(
        !talking.is_finished(),
        "she had spoken before the gift came"
    );

    let answer = talking.await.unwrap();
    assert_eq!(answer["status"], "completed");
    let kinds: Vec<_> = ada.ledger(&hana).await;
    let kinds: Vec<_> = kinds.iter().map(|row| row["kind"].clone()).collect();
    assert_eq!(kinds, ["chat", "gift"]);
    assert_eq!(ada.history(&hana).await.len(), 2);
    assert_eq!(ada.relationship(&hana).await["affection"], 6);
}

async fn whoever_hangs_up_at_once_has_given_the_gift(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let body = json!({"gift_id": id_of(&ada.gift(&hana, "wildflowers").await)}).to_string();
    let address = server.door.address.strip_prefix("http://").unwrap();
    let request = format!(
        "POST /waifus/{hana}/gifts HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        ada.token,
        body.len()
    );
    for given in 1..=5 {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        drop(connection);
        while ada.ledger(&hana).await.len() < given {
            sleep(Duration::from_millis(10)).await;
        }
    }
    // And none of them twice.
    ada.give(&hana, "spring_tea").await.ok();
    assert_eq!(ada.ledger(&hana).await.len(), 6);
}
