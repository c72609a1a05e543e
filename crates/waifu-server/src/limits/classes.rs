//! The class of every request, by its method and its path: at the doors and in the document that describes them.

use actix_web::http::Method;
use waifu_app::ports::rate_limits::RequestClass;

/// What can make a model speak.
const SPEAKING: [(Method, &str); 6] = [
    (Method::POST, "/waifus/chat"),
    (Method::POST, "/waifus/{id}/turns/{turn_id}/regenerate"),
    (Method::PUT, "/waifus/{id}/turns/{turn_id}/message"),
    (Method::POST, "/waifus/{id}/gifts"),
    (Method::POST, "/waifus/{id}/dates"),
    (Method::POST, "/waifus/{id}/events/{occurrence_id}/choice"),
];

/// `None`: such requests are not limited. `path` is the pattern of the route.
pub fn class_of(method: &Method, path: &str) -> Option<RequestClass> {
    let scope = path.split('/').nth(1).unwrap_or_default();
    Some(match scope {
        "auth" => RequestClass::Auth,
        "admin" => RequestClass::Admin,
        "me" | "waifus" if method.is_safe() => RequestClass::Read,
        "me" | "waifus" if makes_her_speak(method, path) => RequestClass::Chat,
        "me" | "waifus" => RequestClass::Write,
        _ => return None,
    })
}

fn makes_her_speak(method: &Method, path: &str) -> bool {
    let mut speaking = SPEAKING.iter();
    speaking.any(|(of, known)| of == method && *known == path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::openapi;

    fn operations() -> Vec<(Method, String)> {
        let document = serde_json::to_value(openapi::document()).unwrap();
        let paths = document["paths"].as_object().unwrap().iter();
        let operations = paths.flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(|method| (method.to_uppercase().parse().unwrap(), path.clone()))
        });
        operations.collect()
    }

    #[test]
    fn every_operation_has_a_class_but_those_that_watch_over_the_server() {
        for (method, path) in operations() {
            let is_limited = class_of(&method, &path).is_some();
            assert_eq!(is_limited, !path.starts_with("/health"), "{method} {path}");
        }
    }

    #[test]
    fn what_makes_her_speak_is_there() {
        let operations = operations();
        for (method, path) in SPEAKING {
            assert_eq!(class_of(&method, path), Some(RequestClass::Chat));
            assert!(operations.contains(&(method, path.to_owned())), "{path}");
        }
    }

    #[test]
    fn a_list_of_gifts_is_read_and_a_cancelled_turn_written() {
        let of = |method, path| class_of(&method, path);
        for (method, path, class) in [
            (Method::GET, "/waifus/{id}/gifts", RequestClass::Read),
            (Method::GET, "/me/export", RequestClass::Read),
            (Method::POST, "/waifus", RequestClass::Write),
            (
                Method::POST,
                "/waifus/{id}/turns/{turn_id}/cancel",
                RequestClass::Write,
            ),
            (Method::DELETE, "/me", RequestClass::Write),
            (Method::POST, "/auth/logout", RequestClass::Auth),
            (
                Method::PUT,
                "/admin/users/{user_id}/suspension",
                RequestClass::Admin,
            ),
        ] {
            assert_eq!(of(method, path), Some(class), "{path}");
        }
        assert_eq!(of(Method::GET, "/metrics"), None);
    }
}
