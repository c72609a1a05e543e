//! Every operation of every door, as the doors' own documents list them: nobody gets in without a login, and who has one gets
//! nothing that is another's. An operation without a case is a failure.

mod graphql;
mod rest;
mod sockets;

use serde_json::{Value, json};

use crate::support::chat::{KIND, id_of};
use crate::support::rest::User;
use crate::support::server::Server;
use crate::support::world::World;

/// What an operation asks of an API key.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Needs {
    /// None reaches it.
    Session,
    Scope(&'static str),
}

/// All limits are on, and nobody comes near them.
async fn with_limits(world: World) -> Server {
    let classes = ["AUTH", "READ", "WRITE", "CHAT", "ADMIN"];
    let settings: Vec<(String, &str)> = classes
        .into_iter()
        .flat_map(|class| {
            let setting = |name| (format!("WAIFU__LIMITS__{class}__{name}"), "100000");
            ["PER_MINUTE", "BURST"].map(setting)
        })
        .collect();
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    world.server_with(&settings).await
}

/// The same user as his programs: one for each scope, that is allowed nothing else.
async fn programs_of(user: &User) -> Vec<(&'static str, User)> {
    let mut programs = Vec::new();
    for scope in ["read", "chat", "write"] {
        let body = json!({"name": scope, "scopes": [scope]});
        let made = user.post("/me/api-keys", &body).await.created();
        let program = User {
            token: made["secret"].as_str().expect("a secret").to_owned(),
            ..user.clone()
        };
        programs.push((scope, program));
    }
    programs
}

/// In everything that is Ada's own.
const SECRET: &str = "adas-secret";

/// Somebody with something of every kind, and somebody else.
struct Cast {
    ada: User,
    bob: User,
    /// Ada's, private.
    hana: String,
    /// What fills the places of a path or a document.
    hers: Vec<(&'static str, String)>,
}

impl Cast {
    async fn of(server: &Server) -> Self {
        let (ada, bob) = (server.user().await, server.user().await);
        let profile = json!({"display_name": SECRET, "persona": SECRET});
        ada.change_profile(&profile).await.ok();
        let companion = json!({"name": SECRET, "personality": {"background": SECRET}});
        let hana = id_of(&ada.post("/waifus", &companion).await.created());
        let said = ada.say(&hana, &format!("{KIND} {SECRET}")).await.ok();
        let key = json!({"name": SECRET, "scopes": ["read"]});
        let key = id_of(&ada.post("/me/api-keys", &key).await.created());
        let occurrence = id_of(&ada.event(&hana, "first_chat").await);
        let turn = said["turn_id"].as_str().expect("an id").to_owned();
        let any = bob.public_companion().await;
        let gift = id_of(&bob.gift(&any, "wildflowers").await);
        let date = id_of(&bob.date(&any, "chess_in_the_park").await);
        let hers = vec![
            ("waifu", hana.clone()),
            ("turn", turn),
            ("occurrence", occurrence),
            ("key", key),
            ("user", ada.id.clone()),
            ("gift", gift),
            ("date", date),
            ("entry", "wildflowers".to_owned()),
        ];
        Self {
            ada,
            bob,
            hana,
            hers,
        }
    }

    /// A text in which `<waifu>` and the like stand for what is hers.
    fn fill(&self, text: &str) -> String {
        let fill =
            |text: String, (name, id): &(&str, String)| text.replace(&format!("<{name}>"), id);
        self.hers.iter().fold(text.to_owned(), fill)
    }

    /// What Ada can see of herself.
    async fn adas(&self) -> Value {
        let mut export = self.ada.get("/me/export").await.ok();
        export["exported_at"] = Value::Null;
        json!({
            "export": export,
            "hana": self.ada.everything_with(&self.hana).await,
        })
    }

    /// Neither her words nor what names them.
    #[track_caller]
    fn assert_tells_nothing(&self, what: &str, told: &str, asked: &str) {
        let ids = self
            .hers
            .iter()
            .filter(|(name, _)| !["gift", "date", "entry"].contains(name));
        let names = ids.map(|(_, id)| id.as_str());
        for leak in names.chain([SECRET, self.ada.name.as_str()]) {
            // What he has said himself he may be told.
            assert!(
                !told.contains(leak) || asked.contains(leak),
                "{what} tells {leak}: {told}"
            );
        }
    }
}
