//! What every answer has beside its body.

use reqwest::Method;

use crate::support::rest::send;
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_request_has_a_name_in_the_answer_and_in_the_log,
        pages_of_listed_origins_alone_may_talk_to_the_server,
    ],
}

async fn a_request_has_a_name_in_the_answer_and_in_the_log(world: World) {
    let filter = [("WAIFU__LOG__FILTER", "info,waifu_server::rest=debug")];
    let mut server = world.server_with(&filter).await;
    let ada = server.user().await;
    let named = async |path: &str, name: &str| {
        let request = ada.request("GET", path).header("X-Request-Id", name);
        send(request).await.header("x-request-id").to_owned()
    };
    assert_eq!(named("/me", "Call-7_of.9").await, "Call-7_of.9");
    assert_eq!(named("/nowhere", "mine").await, "mine");
    for name in ["", "two words", "a=b", &"a".repeat(65)] {
        let fresh = named("/me", name).await;
        assert_eq!(fresh.len(), 36, "{fresh}");
    }
    let without = server.door.get("/me").await;
    assert_eq!(
        (without.status, without.header("x-request-id").len()),
        (401, 36)
    );
    let also_without = server.door.get("/health/live").await;
    assert_eq!(also_without.header("x-request-id").len(), 36);
    assert_ne!(
        without.header("x-request-id"),
        also_without.header("x-request-id")
    );

    assert!(server.stop().await.success());
    let log = server.log();
    let of_it = log.lines().find(|line| line.contains("Call-7_of.9"));
    assert!(
        of_it.is_some_and(|line| line.contains("status=200")),
        "{log}"
    );
}

async fn pages_of_listed_origins_alone_may_talk_to_the_server(world: World) {
    let origins = [("WAIFU__SERVER__ALLOWED_ORIGINS", "https://app.example.com")];
    let server = world.server_with(&origins).await;
    let ask = async |origin: &str| {
        let request = server.door.request("OPTIONS", "/waifus/chat");
        let request = request
            .header("Origin", origin)
            .header("Access-Control-Request-Method", Method::POST.as_str())
            .header(
                "Access-Control-Request-Headers",
                "authorization,content-type",
            );
        let answer = send(request).await;
        let allowed = answer.headers.get("access-control-allow-origin").cloned();
        allowed.map(|origin| origin.to_str().expect("text").to_owned())
    };
    let listed = "https://app.example.com";
    assert_eq!(ask(listed).await.as_deref(), Some(listed));
    assert_eq!(ask("https://evil.example.com").await, None);
    let request = server.door.request("GET", "/health/live");
    let answer = send(request.header("Origin", listed)).await;
    assert_eq!(answer.header("access-control-allow-origin"), listed);
    let exposed = answer.header("access-control-expose-headers");
    let exposed: Vec<_> = exposed.split(',').map(str::trim).collect();
    for name in ["etag", "ratelimit", "ratelimit-policy", "retry-after"] {
        let has = exposed.iter().any(|one| one.eq_ignore_ascii_case(name));
        assert!(has, "{name} in {exposed:?}");
    }
    assert!(
        !answer
            .headers
            .contains_key("access-control-allow-credentials")
    );
}
