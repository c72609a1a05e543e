//! What whoever starts a server is told, and may try at once.

use std::process::Command;

use serde_json::Value;

use crate::support::place::Place;
use crate::support::rest::{Door, send};
use crate::support::world::World;

scenarios! {
    everywhere: [
        the_printed_line_works_as_it_is,
        in_production_nobody_is_offered_a_try,
    ],
}

/// What lies between the first `before` and the next `after`.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before:?} in {text}"));
    rest.split_once(after)
        .unwrap_or_else(|| panic!("no {after:?} in {rest}"))
        .0
}

async fn the_printed_line_works_as_it_is(world: World) {
    let server = world.server().await;
    // It is printed after the address.
    while !server.said().trim_end().ends_with("}'") {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let said = server.said();
    let line = said
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("curl "))
        .unwrap()
        .to_owned();
    let url = between(&line, "curl -s ", " ");
    let authorization = between(&line, "-H 'Authorization: ", "'");
    let body: Value = serde_json::from_str(between(&line, "-d '", "'")).unwrap();
    assert_eq!(url, format!("{}/waifus/chat", server.door.address));
    let token = authorization.strip_prefix("Bearer ").unwrap();
    assert!(
        said.contains(&format!("demo token (15 minutes): {token}\n")),
        "{said}"
    );

    let by_hand = server
        .door
        .request("POST", "/waifus/chat")
        .header("Authorization", authorization)
        .json(&body);
    let answer = send(by_hand).await.ok();
    assert_eq!(answer["message"]["text"], body["message"]);
    assert!(!answer["reply"]["text"].as_str().unwrap().is_empty());

    if Command::new("curl").arg("--version").output().is_ok() {
        let output =
            tokio::task::spawn_blocking(move || Command::new("sh").args(["-c", &line]).output());
        let output = output.await.unwrap().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {output:?}"));
        assert_eq!(answer["turn_no"], 2, "{answer}");
        assert_eq!(answer["status"], "completed", "{answer}");
    }
}

async fn in_production_nobody_is_offered_a_try(world: World) {
    let place = Place::new(world, &[("WAIFU__ENVIRONMENT", "production")]).await;
    let refused = place.run(&["seed"]).await;
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--yes"));
    assert!(place.run(&["seed", "--yes"]).await.status.success());

    let mut server = place.start().await;
    let door: &Door = &server.door;
    assert_eq!(door.get("/health/ready").await.status, 200);
    assert!(server.stop().await.success());
    let said = server.said();
    assert!(!said.contains("token") && !said.contains("curl"), "{said}");
}
