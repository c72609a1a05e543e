//! The log is for operators: it holds nobody's words, and nothing that opens a door.

use serde_json::json;
use waifu_testkit::mock_llm::{Answer, Ending, Speech};

use crate::support::chat::id_of;
use crate::support::rest::PASSWORD;
use crate::support::socket::Socket;
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        the_log_holds_no_words_tokens_or_keys,
    ],
}

async fn the_log_holds_no_words_tokens_or_keys(world: World) {
    let settings = [
        ("WAIFU__LOG__FILTER", "trace"),
        ("WAIFU__LLM__API_KEY", "sk-opensesame"),
    ];
    let mut server = world.server_with(&settings).await;
    let ada = server.user().await;
    let body = json!({"name": "Hana", "personality": {"description": "She hums barcaroles."}});
    let hana = id_of(&ada.post("/waifus", &body).await.created());
    let said = "I told nobody about the quetzal.";
    if world.model == Model::Scripted {
        let broken = Speech::of("My reply is a xylophone").ending(Ending::BadJson);
        server.model().push(broken.into());
        server.model().push(Answer::error(
            500,
            "oops",
            "your prompt was: quetzal, key sk-opensesame",
        ));
    }
    for _ in 0..2 {
        ada.say(&hana, said).await;
    }
    ada.say(&hana, &said.repeat(400))
        .await
        .problem(422, "validation");
    ada.post(
        "/waifus/chat",
        &json!({"waifu_id": hana, "message": said, said: said}),
    )
    .await;
    let mutation = "mutation($i: SendMessageInput!) { sendMessage(input: $i) { turn { id } } }";
    ada.graphql(mutation, &json!({"i": {"waifuId": hana, "text": said}}))
        .await;
    ada.graphql(said, &json!({})).await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say(said).await;
    socket.until("turn.done").await;
    socket.send_text(said).await;
    socket.closed().await;
    let wrong = json!({"username": ada.name, "password": "a wrong gazpacho"});
    server
        .door
        .post("/auth/login", &wrong)
        .await
        .problem(401, "unauthenticated");
    server
        .door
        .post(
            "/auth/refresh",
            &json!({"refresh_token": ada.refresh_token}),
        )
        .await
        .ok();
    assert!(server.stop().await.success());

    let log = server.log();
    assert!(log.lines().count() > 10, "the log is not on: {log}");
    let key = std::fs::read_to_string(server.place.folder().join("data/secret.key")).unwrap();
    let secrets = [
        "quetzal",
        "xylophone",
        "barcarole",
        "gazpacho",
        "sk-opensesame",
        PASSWORD,
        ada.token.as_str(),
        ada.refresh_token.as_str(),
        key.trim(),
    ];
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret:?} is in the log");
    }
}
