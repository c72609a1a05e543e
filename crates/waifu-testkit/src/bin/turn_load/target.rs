//! What is measured: where turns are sent, what a turn looks like there, and which processes work for it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cast::{Cast, CastFile};
use crate::events::Markers;
use crate::http::Connection;
use crate::stored::Stored;
use crate::template::{Member, Template};

/// An entry of a file of targets, as it is written there.
#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    /// Processes by what they are; each stands for all its descendants as well.
    #[serde(default)]
    processes: BTreeMap<String, u32>,
    /// Where its finished turns can be counted.
    stored: Option<Stored>,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Kind {
    /// The model itself, asked with a prompt as long as the server's.
    Direct {
        url: String,
        model: String,
        cast: PathBuf,
    },
    /// `POST /waifus/chat` of a server of ours.
    Product { server: String, cast: PathBuf },
    /// Any other server that streams its replies.
    Other(Other),
}

#[derive(Debug, Deserialize)]
struct Other {
    url: String,
    #[serde(default = "post")]
    method: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
    /// A list of objects of texts, one a caller, for the holes in headers and body.
    cast: Option<PathBuf>,
    first: Vec<String>,
    done: Vec<String>,
    went_well: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) markers: Markers,
    /// Nobody for a target that does not care who asks.
    pub(crate) cast: Option<Cast>,
    pub(crate) processes: BTreeMap<String, u32>,
    pub(crate) stored: Option<Stored>,
    /// Open connections that nobody uses, the freshest last.
    pub(crate) idle: RefCell<Vec<Connection>>,
    head: Template,
    body: Template,
    last_uuid: Cell<u128>,
}

impl Target {
    pub(crate) fn read_all(path: &Path) -> Result<Vec<Self>> {
        let failed = || format!("failed to read the targets {}", path.display());
        let text = fs::read_to_string(path).with_context(failed)?;
        let entries: Vec<Entry> = serde_json::from_str(&text).with_context(failed)?;
        entries.into_iter().map(Self::from_entry).collect()
    }

    /// A server of ours and those who talk with its companions.
    pub(crate) fn product(server: &str, members: Vec<Member>) -> Result<Self> {
        let other = Other {
            url: format!("{server}/waifus/chat"),
            method: post(),
            headers: BTreeMap::from([
                ("Accept".to_owned(), "text/event-stream".to_owned()),
                ("Authorization".to_owned(), "Bearer {token}".to_owned()),
            ]),
            body: json!({
                "waifu_id": "{waifu_id}",
                "message": "How was your day? I have been thinking about what you told me.",
                "client_message_id": "{uuid}",
            }),
            cast: None,
            first: vec![
                "event: turn.delta".to_owned(),
                "event: turn.snapshot".to_owned(),
                // Whoever hears of a reply when it is over is told all its words at once.
                "event: turn.done".to_owned(),
            ],
            done: vec!["event: turn.done".to_owned()],
            went_well: Some(r#""status":"completed""#.to_owned()),
        };
        Self::new(other, Some(members))
    }

    fn direct(url: String, model: &str, prompt_bytes: usize) -> Result<Self> {
        let body = |prompt: &str| {
            json!({
                "model": model,
                "stream": true,
                "stream_options": {"include_usage": true},
                "messages": [{"role": "user", "content": prompt}],
            })
        };
        let padding = prompt_bytes.saturating_sub(body("").to_string().len());
        let other = Other {
            url,
            method: post(),
            headers: BTreeMap::new(),
            body: body(&"a".repeat(padding)),
            cast: None,
            first: vec![r#""content":"Hello""#.to_owned()],
            done: vec!["data: [DONE]".to_owned()],
            went_well: None,
        };
        Self::new(other, None)
    }

    fn from_entry(entry: Entry) -> Result<Self> {
        let target = match entry.kind {
            Kind::Direct { url, model, cast } => {
                Self::direct(url, &model, CastFile::read(&cast)?.prompt_bytes)
            }
            Kind::Product { server, cast } => {
                Self::product(&server, CastFile::read(&cast)?.members)
            }
            Kind::Other(other) => {
                let cast = other.cast.as_deref().map(CastFile::read).transpose()?;
                Self::new(other, cast.map(|file| file.members))
            }
        };
        Ok(Self {
            processes: entry.processes,
            stored: entry.stored,
            name: entry.name.clone(),
            ..target.with_context(|| format!("failed to understand the target {}", entry.name))?
        })
    }

    fn new(other: Other, members: Option<Vec<Member>>) -> Result<Self> {
        let place = other
            .url
            .strip_prefix("http://")
            .context("its url must begin with http://")?;
        let (address, path) = place.split_at(place.find('/').unwrap_or(place.len()));
        let mut head = format!("{} {path} HTTP/1.1\r\nHost: {address}\r\n", other.method);
        head.push_str("Content-Type: application/json\r\n");
        for (name, value) in &other.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let body = match other.body.as_str() {
            Some(text) => text.to_owned(),
            None if other.body.is_null() => String::new(),
            None => other.body.to_string(),
        };
        // All members have the same holes to fill.
        let nobody = Member::new();
        let member = members
            .as_ref()
            .and_then(|all| all.first())
            .unwrap_or(&nobody);
        Ok(Self {
            name: String::new(),
            address: address.to_owned(),
            markers: Markers {
                first: other.first,
                done: other.done,
                went_well: other.went_well,
            },
            head: Template::new(&head, member),
            body: Template::new(&body, member),
            cast: members.map(Cast::new),
            processes: BTreeMap::new(),
            stored: None,
            idle: RefCell::default(),
            last_uuid: Cell::new(a_random_uuid()?.as_u128()),
        })
    }

    /// The bytes of a request of this member's.
    pub(crate) fn request(&self, member: Option<usize>) -> String {
        let nobody = Member::new();
        let member = match (&self.cast, member) {
            (Some(cast), Some(number)) => &cast.members[number],
            _ => &nobody,
        };
        self.last_uuid.set(self.last_uuid.get().wrapping_add(1));
        let uuid = Uuid::from_u128(self.last_uuid.get()).to_string();
        let mut body = String::with_capacity(1_024);
        self.body.fill(&mut body, member, &uuid);
        let mut request = String::with_capacity(body.len() + 1_024);
        self.head.fill(&mut request, member, &uuid);
        let _ = write!(request, "Content-Length: {}\r\n\r\n", body.len());
        request.push_str(&body);
        request
    }
}

fn post() -> String {
    "POST".to_owned()
}

/// From the kernel: the ids of two runs against one store must not meet.
fn a_random_uuid() -> Result<Uuid> {
    let text = fs::read_to_string("/proc/sys/kernel/random/uuid");
    let text = text.context("failed to ask the kernel for a random id")?;
    text.trim()
        .parse()
        .context("failed to understand the kernel's random id")
}

#[cfg(test)]
mod tests {
    use super::{Entry, Member, Target};

    #[test]
    fn a_request_of_ours_names_its_caller_and_a_fresh_message() {
        let member = |name: &str| {
            let pair = |key: &str| (key.to_owned(), format!("{name}-{key}"));
            Member::from([pair("token"), pair("waifu_id")])
        };
        let target =
            Target::product("http://127.0.0.1:80", vec![member("a"), member("b")]).unwrap();
        let (first, second) = (target.request(Some(1)), target.request(Some(1)));
        assert_eq!(target.address, "127.0.0.1:80");
        assert!(first.starts_with("POST /waifus/chat HTTP/1.1\r\nHost: 127.0.0.1:80\r\n"));
        assert!(
            first.contains("Authorization: Bearer b-token\r\n"),
            "{first}"
        );
        assert!(first.contains(r#""waifu_id":"b-waifu_id""#), "{first}");
        assert_ne!(first, second);
        let (head, body) = first.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
    }

    #[test]
    fn a_direct_call_has_a_prompt_of_the_length_that_is_wanted() {
        let url = "http://127.0.0.1:80/v1/chat/completions".to_owned();
        let target = Target::direct(url, "scripted", 9_000).unwrap();
        assert_eq!(
            target.request(None).split_once("\r\n\r\n").unwrap().1.len(),
            9_000
        );
    }

    #[test]
    fn other_servers_are_described_in_json() {
        let entry: Entry = serde_json::from_str(
            r#"{"name": "peer", "kind": "other", "url": "http://127.0.0.1:81/chat", "processes": {"server": 7},
                "headers": {"X-Id": "{uuid}"}, "body": {"text": "Hi"}, "first": ["token"], "done": ["end"]}"#,
        )
        .unwrap();
        let target = Target::from_entry(entry).unwrap();
        assert_eq!(
            (target.name.as_str(), target.processes["server"]),
            ("peer", 7)
        );
        assert!(
            target
                .request(None)
                .ends_with("Content-Length: 13\r\n\r\n{\"text\":\"Hi\"}")
        );
    }
}
