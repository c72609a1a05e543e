//! `schemathesis` asks everything that `openapi.json` says can be asked, and much that it says can't.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::support::chat::{KIND, id_of};
use crate::support::program::{Program, new_folder};
use crate::support::rest::User;
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        the_document_says_what_the_server_does,
    ],
}

const PATIENCE: Duration = Duration::from_secs(150);

async fn the_document_says_what_the_server_does(world: World) {
    if world.model == Model::Scripted {
        return;
    }
    let mut server = world.server().await;
    let operator = server.operator().await;
    let bob = server.user().await;
    let folder = new_folder();
    let settings = include_str!("schemathesis.toml");
    fs::write(folder.path().join("schemathesis.toml"), settings).expect("a file");
    for (name, values) in known_values(&operator, &bob).await {
        let lines: Vec<_> = values.iter().map(|value| format!("\"{value}\"")).collect();
        fs::write(folder.path().join(name), lines.join("\n")).expect("a file");
    }

    let document = format!("{}/openapi.json", server.door.address);
    let header = format!("Authorization: Bearer {}", operator.token);
    let mut program = Program::schemathesis(folder, &["run", &document, "--header", &header]);
    let exit = program.ended_within(PATIENCE).await;
    assert!(exit.success(), "the document is not true");
    assert!(program.said().contains(" passed"), "{}", program.said());
    // The token let it in to the end.
    operator.get("/me").await.ok();
}

/// What a caller would know: ids of what is there, by the names of the lists that `schemathesis.toml` names.
async fn known_values(ada: &User, bob: &User) -> Vec<(&'static str, Vec<String>)> {
    let hana = ada.companion().await;
    let mina = ada.public_companion().await;
    for waifu in [&hana, &mina] {
        ada.say(waifu, KIND).await.ok();
    }
    let mut doomed = Vec::new();
    for _ in 0..20 {
        doomed.push(ada.companion().await);
    }
    let turns = ada.history(&hana).await.into_iter();
    let turns = turns.map(|message| text(&message["turn_id"]));
    let events = [ada.events(&hana).await, ada.events(&mina).await].concat();
    let choices = events
        .iter()
        .flat_map(|event| event["choices"].as_array().expect("choices"));
    let ids = |items: Vec<Value>| items.iter().map(id_of).collect::<Vec<_>>();
    vec![
        (
            "choices",
            choices.map(|choice| text(&choice["key"])).collect(),
        ),
        ("dates", ids(ada.dates(&hana).await)),
        ("gifts", ids(ada.gifts(&hana).await)),
        ("turns", turns.collect()),
        ("users", vec![bob.id.clone()]),
        ("versions", vec!["1".to_owned(), "2".to_owned()]),
        ("occurrences", ids(events.clone())),
        ("waifus", vec![hana, mina]),
        ("doomed", doomed),
    ]
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
