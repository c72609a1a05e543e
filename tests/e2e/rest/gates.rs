//! Gates: a level that waits for an answer.

use serde_json::{Value, json};

use crate::support::acts::row_of;
use crate::support::chat::{KIND, change_of};
use crate::support::rest::User;
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_gate_holds_its_level_until_it_is_passed,
        a_gate_that_was_turned_down_holds_on,
    ],
}

/// As far as affection alone leads: past the threshold of level 7.
async fn at_the_gate(operator: &User, user: &User) -> String {
    let hana = user.companion().await;
    user.say(&hana, KIND).await.ok();
    assert!(user.relationship(&hana).await.get("gate").is_none());
    let done = operator.adjust(user, &hana, 427).await.ok();
    assert_eq!(row_of(&done)["level_after"], 6);
    let standing = &done["relationship"];
    assert_eq!(
        (
            &standing["affection"],
            &standing["level"],
            &standing["gate"]
        ),
        (&json!(430), &json!(6), &json!("confession"))
    );
    assert_eq!(standing["stage"], "close_friend");
    hana
}

async fn a_gate_holds_its_level_until_it_is_passed(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = at_the_gate(&operator, &ada).await;
    let event = ada.event(&hana, "confession").await;
    assert_eq!(
        (&event["state"], &event["expires_at"]),
        (&json!("pending"), &Value::Null)
    );
    // Kind words do not open it.
    let done = ada.say(&hana, KIND).await.ok();
    assert_eq!(done["relationship"]["level"], 6);

    let done = ada.choose(&hana, "confession", "yes").await.ok();
    let row = row_of(&done);
    assert_eq!(change_of(&row), 10);
    assert_eq!(
        (&row["level_after"], &row["affection_after"]),
        (&json!(7), &json!(443))
    );
    assert_ne!(row["facts"], json!([]));
    let standing = &done["relationship"];
    assert_eq!(
        (&standing["stage"], &standing["level"], standing.get("gate")),
        (&json!("romantic"), &json!(7), None)
    );
    // What waited for the level comes with it.
    ada.event(&hana, "becoming_lovers").await;
}

async fn a_gate_that_was_turned_down_holds_on(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = at_the_gate(&operator, &ada).await;
    let done = ada.choose(&hana, "confession", "not_yet").await.ok();
    let row = row_of(&done);
    assert_eq!((change_of(&row), &row["level_after"]), (0, &json!(6)));
    assert_eq!(done["relationship"]["gate"], "confession");
    ada.choose(&hana, "confession", "yes")
        .await
        .problem(409, "choice_taken");
    // It comes again in a week, and not with the next word.
    ada.say(&hana, KIND).await.ok();
    assert_eq!(ada.event(&hana, "confession").await["state"], "resolved");
    assert_eq!(ada.relationship(&hana).await["level"], 6);
    let operators = operator.adjust(&ada, &hana, 1_000).await.ok();
    assert_eq!(row_of(&operators)["level_after"], 6);
}
