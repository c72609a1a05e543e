//! Whether the server lives and is ready, and how it describes itself.

use serde_json::json;

use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        a_server_tells_that_it_lives_and_is_ready_and_who_speaks,
    ],
}

async fn a_server_tells_that_it_lives_and_is_ready_and_who_speaks(world: World) {
    let server = world.server().await;
    assert_eq!(server.door.get("/health/live").await.status, 204);
    let companion = match world.model {
        Model::Offline => "offline",
        Model::Scripted => "model",
    };
    let ready = json!({"ready": true, "store": "ok", "draining": false, "companion": companion});
    assert_eq!(server.door.get("/health/ready").await.ok(), ready);
    let said = server.said();
    assert!(
        said.contains(&format!(
            "companion: {}",
            if companion == "model" {
                "the model mock-1"
            } else {
                companion
            }
        )),
        "{said}"
    );
    let openapi = server.door.get("/openapi.json").await.ok();
    assert!(openapi["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(openapi["paths"]["/waifus/chat"]["post"].is_object());
}
