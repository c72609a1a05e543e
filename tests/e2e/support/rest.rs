//! Clients of the REST and GraphQL doors.

use std::sync::Once;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// Days, as HTTP names them, on which events open that no scenario is about.
const HOLIDAYS: [&str; 6] = ["01 Jan", "01 Apr", "21 Jun", "07 Aug", "21 Sep", "24 Dec"];

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A server's address, and what to knock with.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    http: Client,
    pub(crate) address: String,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) door: Door,
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Door {
    pub(crate) fn to(address: &str) -> Self {
        static ONCE: Once = Once::new();
        // Nothing here uses TLS, but no client is built without a provider.
        ONCE.call_once(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let http = Client::builder()
            .no_proxy()
            // Less than the server keeps one open that is not used, so that none breaks just as it is used again.
            .pool_idle_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(50))
            .build();
        Self {
            http: http.expect("a client of plain http"),
            address: address.to_owned(),
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        self.http.request(method, format!("{}{path}", self.address))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request("POST", path).json(body)).await
    }
}

impl User {
    pub(crate) async fn register(door: &Door, name: &str) -> Self {
        let account = json!({"username": name, "password": PASSWORD});
        let registered = door.post("/auth/register", &account).await;
        let user = Self::signed_in(door, &registered.created());
        user.avoid_holidays(registered.header("date")).await;
        user
    }

    /// On a holiday he lives where it is another day. `now` is as HTTP tells it: Wed, 25 Nov 2026 14:13:53 GMT.
    async fn avoid_holidays(&self, now: &str) {
        if HOLIDAYS.contains(&&now[5..11]) {
            let is_morning = now[17..19].parse::<u8>().expect("an hour") < 11;
            let yesterday_or_tomorrow = if is_morning {
                "Pacific/Niue"
            } else {
                "Pacific/Kiritimati"
            };
            self.change_profile(&json!({"time_zone": yesterday_or_tomorrow}))
                .await
                .ok();
        }
    }

    pub(crate) async fn log_in(door: &Door, name: &str) -> Self {
        let account = json!({"username": name, "password": PASSWORD});
        Self::signed_in(door, &door.post("/auth/login", &account).await.ok())
    }

    fn signed_in(door: &Door, tokens: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Self {
            door: door.clone(),
            name: text(&tokens["user"]["username"]),
            id: text(&tokens["user"]["id"]),
            token: text(&tokens["access_token"]),
            refresh_token: text(&tokens["refresh_token"]),
        }
    }

    /// The month and the day where he lives, such as 11-25.
    pub(crate) async fn today(&self) -> String {
        let me = self.get("/me").await;
        let away = match me.ok()["time_zone"].as_str() {
            Some("UTC") => 0,
            Some("Pacific/Niue") => -11,
            Some("Pacific/Kiritimati") => 14,
            other => panic!("a scenario of its own moves to {other:?}"),
        };
        let now = OffsetDateTime::parse(me.header("date"), &Rfc2822).expect("a date");
        let there = now + time::Duration::hours(away);
        format!("{:02}-{:02}", u8::from(there.month()), there.day())
    }

    /// The same person with the same tokens at another door.
    pub(crate) fn through(&self, door: &Door) -> Self {
        Self {
            door: door.clone(),
            ..self.clone()
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.door.request(method, path).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request("POST", path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, if_match: &str, body: &Value) -> Answer {
        send(
            self.request("PATCH", path)
                .header("If-Match", if_match)
                .json(body),
        )
        .await
    }

    pub(crate) async fn change_profile(&self, body: &Value) -> Answer {
        send(self.request("PATCH", "/me").json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request("DELETE", path)).await
    }

    /// The whole answer to a GraphQL document.
    pub(crate) async fn graphql(&self, query: &str, variables: &Value) -> Value {
        let body = json!({"query": query, "variables": variables});
        self.post("/graphql", &body).await.json()
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request
        .send()
        .await
        .unwrap_or_else(|error| panic!("no answer: {error:?}"));
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.expect("a body of text"),
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()
    }

    #[track_caller]
    pub(crate) fn created(&self) -> Value {
        assert_eq!(self.status, 201, "{self:?}");
        self.json()
    }

    /// A problem document, whole and as it was announced.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.json();
        assert_eq!(
            (self.status, problem["code"].as_str()),
            (status, Some(code)),
            "{self:?}"
        );
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        assert_eq!(problem["status"], status, "{self:?}");
        assert_eq!(
            problem["type"],
            format!("urn:waifu:problem:{code}"),
            "{self:?}"
        );
        for told in ["title", "detail"] {
            assert!(
                problem[told].as_str().is_some_and(|text| !text.is_empty()),
                "{self:?}"
            );
        }
        problem
    }

    /// Empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("a header of text"))
    }
}
