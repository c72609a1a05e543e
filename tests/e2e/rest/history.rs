//! What was said, and what it moved, read back.

use serde_json::json;

use crate::support::chat::KIND;
use crate::support::shape::shape;
use crate::support::world::World;

scenarios! {
    everywhere: [
        the_history_is_newest_first_and_the_same_in_pages,
        the_ledger_is_newest_first_and_the_same_in_pages,
        those_who_never_met_have_an_empty_history,
    ],
}

async fn the_history_is_newest_first_and_the_same_in_pages(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut newest_first = Vec::new();
    for words in ["one", "two", "three"] {
        let answer = ada.say(&hana, words).await.ok();
        newest_first.insert(0, answer["message"]["text"].clone());
        newest_first.insert(0, answer["reply"]["text"].clone());
    }
    let history = ada.history(&hana).await;
    insta::assert_json_snapshot!("message", shape(&history[0]));
    let texts: Vec<_> = history
        .iter()
        .map(|message| message["text"].clone())
        .collect();
    assert_eq!(texts, newest_first);
    let places: Vec<_> = history
        .iter()
        .map(|message| json!([message["turn_no"], message["role"]]))
        .collect();
    assert_eq!(
        json!(places),
        json!([
            [3, "waifu"],
            [3, "user"],
            [2, "waifu"],
            [2, "user"],
            [1, "waifu"],
            [1, "user"]
        ])
    );
    for limit in [1, 2, 4, 6] {
        assert_eq!(
            ada.pages(&format!("/waifus/{hana}/messages"), limit).await,
            history
        );
    }
}

async fn the_ledger_is_newest_first_and_the_same_in_pages(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    for words in [KIND, "ok", "I have to go now"] {
        ada.say(&hana, words).await.ok();
    }
    let ledger = ada.ledger(&hana).await;
    let numbers: Vec<_> = ledger.iter().map(|row| row["no"].clone()).collect();
    assert_eq!(json!(numbers), json!([3, 2, 1]));
    assert_eq!(ledger[2]["content"], KIND);
    for limit in [1, 2, 3] {
        assert_eq!(
            ada.pages(&format!("/waifus/{hana}/relationship/interactions"), limit)
                .await,
            ledger
        );
    }
}

async fn those_who_never_met_have_an_empty_history(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    assert!(ada.history(&hana).await.is_empty());
    assert!(ada.ledger(&hana).await.is_empty());
    insta::assert_json_snapshot!("strangers", shape(&ada.relationship(&hana).await));
}
