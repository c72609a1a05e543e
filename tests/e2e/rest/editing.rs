//! Another message in the place of one that was sent.

use serde_json::{Value, json};
use waifu_testkit::mock_llm;

use crate::support::chat::{HOSTILE, KIND, change_of};
use crate::support::new_id;
use crate::support::rest::{Answer, User, send};
use crate::support::socket::{Socket, seqs, types};
use crate::support::world::World;

scenarios! {
    everywhere: [
        another_message_takes_the_place_of_one_and_of_all_that_followed,
        the_same_edit_again_is_the_same_turn,
        every_device_hears_of_an_edit,
        nothing_is_taken_back_for_what_can_not_be_said,
        what_is_no_message_of_ones_own_is_not_edited,
    ],
    with_a_scripted_model: [
        she_is_told_the_new_message_and_nothing_of_the_old,
    ],
}

async fn edit(user: &User, waifu: &str, turn: &Value, body: &Value) -> Answer {
    let turn = turn.as_str().expect("an id");
    let path = format!("/waifus/{waifu}/turns/{turn}/message");
    send(user.request("PUT", &path).json(body)).await
}

async fn another_message_takes_the_place_of_one_and_of_all_that_followed(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let before = ada.history(&hana).await;
    let second = ada.say(&hana, HOSTILE).await.ok();
    let gift = ada.give(&hana, "wildflowers").await.ok();
    ada.say(&hana, HOSTILE).await.ok();
    let affection = ada.relationship(&hana).await["affection"].clone();

    let body = json!({"text": KIND});
    let edited = edit(&ada, &hana, &second["turn_id"], &body).await.ok();
    assert_eq!(
        (
            &edited["turn_no"],
            &edited["status"],
            &edited["message"]["text"]
        ),
        (&json!(5), &json!("completed"), &json!(KIND))
    );
    // Her words about the gift stay, and the two unkind messages are gone.
    let history = ada.history(&hana).await;
    let turns: Vec<_> = history.iter().map(|said| said["turn_id"].clone()).collect();
    let mut expected = vec![edited["turn_id"].clone(); 2];
    expected.push(gift["turn"]["turn_id"].clone());
    expected.extend(before.iter().map(|said| said["turn_id"].clone()));
    assert_eq!(turns, expected);
    let ledger = ada.ledger(&hana).await;
    let kinds: Vec<_> = ledger
        .iter()
        .map(|row| row["kind"].as_str().unwrap())
        .collect();
    let expected = [
        "chat", "reversal", "reversal", "chat", "gift", "chat", "chat",
    ];
    assert_eq!(kinds, expected);
    let now = &ada.relationship(&hana).await["affection"];
    let moved: i64 = ledger[..3].iter().map(change_of).sum();
    assert_eq!(now.as_i64().unwrap(), affection.as_i64().unwrap() + moved);
}

async fn the_same_edit_again_is_the_same_turn(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok();
    let body = json!({"text": "good evening", "client_message_id": new_id()});
    let copies = (0..8).map(|_| edit(&ada, &hana, &first["turn_id"], &body));
    let copies = futures_util::future::join_all(copies).await;
    let copies: Vec<_> = copies.iter().map(Answer::ok).collect();
    let said = |answer: &Value| json!([answer["turn_id"], answer["message"], answer["reply"]]);
    assert!(
        copies.iter().all(|copy| said(copy) == said(&copies[0])),
        "{copies:#?}"
    );
    assert_eq!(ada.history(&hana).await.len(), 2);
    let mut other = body.clone();
    other["text"] = json!("good night");
    let mismatch = edit(&ada, &hana, &first["turn_id"], &other).await;
    mismatch.problem(422, "idempotency_mismatch");
    // By GraphQL too.
    let mutation = "mutation($input: EditMessageInput!) { editMessage(input: $input) { turn { id } errors { code } } }";
    let input = json!({"waifuId": hana, "turnId": first["turn_id"], "text": "good evening",
        "clientMessageId": body["client_message_id"]});
    let told = ada.graphql(mutation, &json!({"input": input})).await;
    let turn = &told["data"]["editMessage"]["turn"]["id"];
    assert_eq!(*turn, copies[0]["turn_id"], "{told}");
}

async fn every_device_hears_of_an_edit(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok();
    let (mut socket, ready) = Socket::ready(&ada, &hana).await;
    let body = json!({"text": KIND});
    edit(&ada, &hana, &first["turn_id"], &body).await.ok();
    let mut heard = socket.until("turn.done").await;
    heard.retain(|frame| frame["seq"].is_u64());
    assert_eq!(
        types(&heard),
        [
            "relationship.updated",
            "turn.voided",
            "message.accepted",
            "turn.started",
            "relationship.updated",
            "turn.done",
        ]
    );
    let next = ready["seq"].as_u64().unwrap() + 1;
    assert_eq!(seqs(&heard), (next..next + 6).collect::<Vec<_>>());
}

async fn nothing_is_taken_back_for_what_can_not_be_said(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok();
    let before = ada.everything_with(&hana).await;
    for (body, pointer) in [
        (json!({"text": " "}), "/text"),
        (json!({"text": "x".repeat(8_001)}), "/text"),
        (json!({}), ""),
        (json!({"text": "hi", "run": 1}), "/run"),
    ] {
        let refused = edit(&ada, &hana, &first["turn_id"], &body).await;
        let problem = refused.problem(422, "validation");
        let told = &problem["errors"][0]["pointer"];
        assert!(*told == pointer || pointer == "/run", "{problem}");
    }
    assert_eq!(ada.everything_with(&hana).await, before);
}

async fn what_is_no_message_of_ones_own_is_not_edited(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let mina = ada.public_companion().await;
    let adas = ada.say(&mina, KIND).await.ok();
    bob.say(&mina, KIND).await.ok();
    let gift = ada.give(&mina, "wildflowers").await.ok();
    let before = ada.everything_with(&mina).await;
    let body = json!({"text": "hi"});
    for (user, turn) in [
        (&bob, &adas["turn_id"]),
        (&ada, &gift["turn"]["turn_id"]),
        (&ada, &json!(new_id())),
    ] {
        let refused = edit(user, &mina, turn, &body).await;
        refused.problem(404, "not_found");
    }
    assert_eq!(ada.everything_with(&mina).await, before);
}

async fn she_is_told_the_new_message_and_nothing_of_the_old(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let model = server.model();
    let first = ada.say(&hana, "I live in Oslo").await.ok();
    ada.say(&hana, "it is cold").await.ok();
    let body = json!({"text": "I live in Rome"});
    edit(&ada, &hana, &first["turn_id"], &body).await.ok();
    let requests = model.requests();
    let told = requests.last().unwrap().body["messages"].to_string();
    assert!(told.contains("Rome"), "{told}");
    assert!(!told.contains("Oslo") && !told.contains("cold"), "{told}");

    model.push(mock_llm::Answer::status(400, "{}"));
    let before = ada.history(&hana).await;
    let turn = before[0]["turn_id"].clone();
    let failed = edit(&ada, &hana, &turn, &json!({"text": "I live in Bonn"})).await;
    failed.problem(502, "provider_failed");
    let history = ada.history(&hana).await;
    assert_eq!(history.len(), 1, "the message is kept");
    assert_eq!(history[0]["text"], "I live in Bonn");
}
