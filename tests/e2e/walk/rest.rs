//! The operations of `/openapi.json`.

use serde_json::Value;

use super::{Cast, Needs, programs_of};
use crate::support::rest::{User, send};
use crate::support::world::World;

scenarios! {
    everywhere: [
        every_rest_operation_refuses_strangers_and_gives_nobody_what_is_anothers,
        no_key_does_by_rest_what_is_not_of_its_scopes,
    ],
}

/// What Bob gets who names what is Ada's.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Gets {
    /// It asks for no login, and knows nobody.
    Open,
    /// What is his own.
    His,
    Refused(u16, &'static str),
}

use Gets::{His, Open, Refused};

const NOT_THERE: Gets = Refused(404, "not_found");
const OPERATORS_ALONE: Gets = Refused(403, "forbidden");

/// The operation, a body that makes sense, and what Bob gets. In this order: the last ones end his sessions, and him.
const CASES: [(&str, &str, &str, Gets); 59] = [
    ("GET", "/health/live", "", Open),
    ("GET", "/health/ready", "", Open),
    (
        "POST",
        "/auth/register",
        r#"{"username": "carol", "password": "a good password"}"#,
        Open,
    ),
    (
        "POST",
        "/auth/login",
        r#"{"username": "carol", "password": "a good password"}"#,
        Open,
    ),
    (
        "POST",
        "/auth/refresh",
        r#"{"refresh_token": "nonsense"}"#,
        Open,
    ),
    ("GET", "/me", "", His),
    ("PATCH", "/me", r#"{"display_name": "Bob"}"#, His),
    ("GET", "/me/export", "", His),
    ("GET", "/me/api-keys", "", His),
    (
        "POST",
        "/me/api-keys",
        r#"{"name": "x", "scopes": ["read"]}"#,
        His,
    ),
    ("DELETE", "/me/api-keys/<key>", "", NOT_THERE),
    ("GET", "/waifus", "", His),
    ("POST", "/waifus", r#"{"name": "Rin"}"#, His),
    (
        "POST",
        "/waifus/chat",
        r#"{"waifu_id": "<waifu>", "message": "hello"}"#,
        NOT_THERE,
    ),
    ("GET", "/waifus/<waifu>", "", NOT_THERE),
    ("PATCH", "/waifus/<waifu>", r#"{"name": "Mine"}"#, NOT_THERE),
    ("DELETE", "/waifus/<waifu>", "", NOT_THERE),
    ("GET", "/waifus/<waifu>/messages", "", NOT_THERE),
    ("GET", "/waifus/<waifu>/relationship", "", NOT_THERE),
    (
        "GET",
        "/waifus/<waifu>/relationship/interactions",
        "",
        NOT_THERE,
    ),
    ("GET", "/waifus/<waifu>/relationship/history", "", NOT_THERE),
    ("GET", "/waifus/<waifu>/gifts", "", NOT_THERE),
    (
        "POST",
        "/waifus/<waifu>/gifts",
        r#"{"gift_id": "<gift>"}"#,
        NOT_THERE,
    ),
    ("GET", "/waifus/<waifu>/dates", "", NOT_THERE),
    (
        "POST",
        "/waifus/<waifu>/dates",
        r#"{"date_id": "<date>"}"#,
        NOT_THERE,
    ),
    ("GET", "/waifus/<waifu>/events", "", NOT_THERE),
    (
        "POST",
        "/waifus/<waifu>/events/<occurrence>/choice",
        r#"{"choice": "ask"}"#,
        NOT_THERE,
    ),
    ("POST", "/waifus/<waifu>/turns/<turn>/cancel", "", NOT_THERE),
    (
        "POST",
        "/waifus/<waifu>/turns/<turn>/regenerate",
        "",
        NOT_THERE,
    ),
    (
        "PUT",
        "/waifus/<waifu>/turns/<turn>/choice",
        r#"{"run": 1}"#,
        NOT_THERE,
    ),
    (
        "PUT",
        "/waifus/<waifu>/turns/<turn>/message",
        r#"{"text": "hi"}"#,
        NOT_THERE,
    ),
    ("POST", "/waifus/<waifu>/turns/<turn>/rewind", "", NOT_THERE),
    (
        "POST",
        "/admin/adjustments",
        r#"{"user_id": "<user>", "waifu_id": "<waifu>", "points": 5, "reason": "x"}"#,
        OPERATORS_ALONE,
    ),
    ("PUT", "/admin/users/<user>/suspension", "", OPERATORS_ALONE),
    (
        "DELETE",
        "/admin/users/<user>/suspension",
        "",
        OPERATORS_ALONE,
    ),
    ("GET", "/admin/users", "", OPERATORS_ALONE),
    ("GET", "/admin/users/<user>", "", OPERATORS_ALONE),
    ("DELETE", "/admin/users/<user>", "", OPERATORS_ALONE),
    ("PUT", "/admin/users/<user>/minor", "", OPERATORS_ALONE),
    ("DELETE", "/admin/users/<user>/minor", "", OPERATORS_ALONE),
    (
        "POST",
        "/admin/users/<user>/one-time-password",
        "",
        OPERATORS_ALONE,
    ),
    ("GET", "/admin/waifus", "", OPERATORS_ALONE),
    (
        "POST",
        "/admin/waifus",
        r#"{"key": "mine", "name": "Mine"}"#,
        OPERATORS_ALONE,
    ),
    (
        "PATCH",
        "/admin/waifus/<waifu>",
        r#"{"name": "Mine"}"#,
        OPERATORS_ALONE,
    ),
    ("DELETE", "/admin/waifus/<waifu>", "", OPERATORS_ALONE),
    ("GET", "/admin/usage", "", OPERATORS_ALONE),
    ("GET", "/admin/gifts", "", OPERATORS_ALONE),
    ("PUT", "/admin/gifts/<entry>", "{}", OPERATORS_ALONE),
    ("DELETE", "/admin/gifts/<entry>", "", OPERATORS_ALONE),
    ("GET", "/admin/dates", "", OPERATORS_ALONE),
    ("PUT", "/admin/dates/<entry>", "{}", OPERATORS_ALONE),
    ("DELETE", "/admin/dates/<entry>", "", OPERATORS_ALONE),
    ("GET", "/admin/events", "", OPERATORS_ALONE),
    ("PUT", "/admin/events/<entry>", "{}", OPERATORS_ALONE),
    ("DELETE", "/admin/events/<entry>", "", OPERATORS_ALONE),
    (
        "POST",
        "/auth/password",
        r#"{"current_password": "correct horse battery", "new_password": "correct horse battery"}"#,
        His,
    ),
    ("POST", "/auth/logout", "", His),
    ("POST", "/auth/logout-all", "", His),
    ("DELETE", "/me", "", His),
];

/// As the document writes a path.
fn documented(path: &str) -> String {
    let id = if path.starts_with("/me") {
        "<key>"
    } else {
        "<waifu>"
    };
    path.replace(id, "{id}")
        .replace("<turn>", "{turn_id}")
        .replace("<occurrence>", "{occurrence_id}")
        .replace("<user>", "{user_id}")
        .replace("<entry>", "{key}")
}

async fn every_rest_operation_refuses_strangers_and_gives_nobody_what_is_anothers(world: World) {
    let server = world.server().await;
    let document = server.door.get("/openapi.json").await.ok();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations.push((method.to_uppercase(), path.clone()));
            let case = CASES
                .iter()
                .find(|(known, to, ..)| *known == method.to_uppercase() && documented(to) == *path);
            let (.., gets) = case.unwrap_or_else(|| panic!("{method} {path} has no case here"));
            let asks_for_a_login = operation["security"].is_array();
            assert_eq!(asks_for_a_login, *gets != Open, "{method} {path}");
        }
    }
    assert_eq!(operations.len(), CASES.len(), "a case is of no operation");

    let cast = Cast::of(&server).await;
    let before = cast.adas().await;
    for (method, path, body, gets) in CASES {
        let (path, body) = (cast.fill(path), cast.fill(body));
        let body = if body.is_empty() {
            Value::Null
        } else {
            json(&body)
        };
        let what = format!("{method} {path}");
        let request = || {
            let request = cast.bob.door.request(method, &path);
            request.header("If-Match", "\"1\"").json(&body)
        };
        if gets != Open {
            let answer = send(request()).await;
            answer.problem(401, "unauthenticated");
            assert_eq!(answer.header("www-authenticate"), "Bearer", "{what}");
        }
        let token = match gets {
            Open => String::new(),
            // Some end all that he has.
            His | Refused(..) => User::log_in(&server.door, &cast.bob.name).await.token,
        };
        let answer = send(request().bearer_auth(token)).await;
        match gets {
            Open => assert!(answer.status < 500, "{what}: {answer:?}"),
            His => assert!((200..300).contains(&answer.status), "{what}: {answer:?}"),
            Refused(status, code) => {
                answer.problem(status, code);
            }
        }
        cast.assert_tells_nothing(&what, &answer.text, &format!("{path} {body}"));
    }
    assert_eq!(cast.adas().await, before);
}

fn needs(method: &str, path: &str) -> Needs {
    let of_companions = ["/waifus", "/waifus/<waifu>"].contains(&path);
    if path.starts_with("/me") || path.starts_with("/auth") {
        Needs::Session
    } else if method == "GET" {
        Needs::Scope("read")
    } else if path.starts_with("/admin") || of_companions {
        Needs::Scope("write")
    } else {
        Needs::Scope("chat")
    }
}

async fn no_key_does_by_rest_what_is_not_of_its_scopes(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let cast = Cast::of(&server).await;
    let programs = programs_of(&operator).await;
    let before = operator.get("/me/export").await.ok();
    for (method, path, body, gets) in CASES.into_iter().filter(|(.., gets)| *gets != Open) {
        let needed = needs(method, path);
        let (path, body) = (cast.fill(path), cast.fill(body));
        for (scope, program) in &programs {
            if needed == Needs::Scope(scope) {
                continue;
            }
            let request = program.request(method, &path).header("If-Match", "\"1\"");
            let request = if body.is_empty() {
                request
            } else {
                request.json(&json(&body))
            };
            let answer = send(request).await;
            assert_eq!(answer.status, 403, "{scope}: {method} {path} ({gets:?})");
            answer.problem(403, "forbidden");
        }
    }
    let after = operator.get("/me/export").await.ok();
    for list in ["profile", "api_keys", "companions", "relationships"] {
        assert_eq!(after[list], before[list], "{list}");
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
