//! The example clients do what they promise, also when things go wrong.

use std::fs;
use std::time::Duration;

use tokio::time::sleep;
use waifu_testkit::mock_llm::{Answer, Speech};

use crate::support::chat::{KIND, id_of};
use crate::support::program::Program;
use crate::support::rest::User;
use crate::support::way::Way;
use crate::support::world::World;

scenarios! {
    everywhere: [
        the_python_example_chats_and_gives_a_gift,
        the_javascript_example_chats_and_gives_a_gift,
        the_python_example_goes_on_after_a_cut_in_the_middle_of_her_words,
        the_javascript_example_goes_on_after_a_cut_in_the_middle_of_her_words,
        the_python_example_goes_on_with_a_server_that_knows_its_token_no_more,
        the_javascript_example_goes_on_with_a_server_that_knows_its_token_no_more,
        the_python_example_says_why_it_gives_up,
        the_javascript_example_says_why_it_gives_up,
    ],
    with_a_scripted_model: [
        the_python_example_has_her_try_again_when_her_model_has_failed,
        the_javascript_example_has_her_try_again_when_her_model_has_failed,
    ],
}

/// How long a way stays cut.
const CUT_FOR: Duration = Duration::from_millis(400);

#[derive(Debug, Clone, Copy)]
enum Example {
    Python,
    JavaScript,
}

use Example::{JavaScript, Python};

impl Example {
    /// Ann chats with one of the house's companions.
    fn start(self, address: &str) -> Program {
        self.start_with(&["--url", address, "--name", "ann", "--companion", "Hana"])
    }

    fn start_with(self, arguments: &[&str]) -> Program {
        match self {
            Self::Python => Program::python("examples/python/chat.py", arguments),
            Self::JavaScript => Program::javascript("chat.mjs", arguments),
        }
    }
}

/// The id of the house's companion whom the examples chat with.
async fn hana(user: &User) -> String {
    let waifus = user.pages("/waifus", 100).await;
    id_of(
        waifus
            .iter()
            .find(|waifu| waifu["name"] == "Hana")
            .expect("her"),
    )
}

async fn chats_and_gives_a_gift(world: World, example: Example) {
    let server = world.server().await;
    let mut program = example.start(&server.door.address);
    program.is_told(KIND);
    program.says("  affection ").await;
    program.is_told("/gift");
    program.says("you give her: ").await;
    program.says("  affection ").await;
    program.is_told("It is good to be here.");
    program.says("  affection ").await;
    program.is_left();
    assert_eq!(program.ended().await, Some(0));

    let said = program.said();
    let ann = User::log_in(&server.door, "ann").await;
    let hana = hana(&ann).await;
    let history = ann.history(&hana).await;
    assert_eq!(history.len(), 5, "{history:#?}");
    for message in history.iter().filter(|message| message["role"] == "waifu") {
        let line = format!("Hana: {}\n", message["text"].as_str().expect("words"));
        assert_eq!(said.matches(&line).count(), 1, "{line} in {said}");
    }
    for row in ann.ledger(&hana).await {
        for reason in row["reasons"].as_array().expect("reasons") {
            let (effect, text) = (reason["effect"].as_i64(), reason["text"].as_str());
            let line = format!(
                "    {:+} {}\n",
                effect.expect("points"),
                text.expect("text")
            );
            assert!(said.contains(&line), "no {line:?} in {said}");
        }
    }
    let affection = ann.relationship(&hana).await["affection"].clone();
    assert!(
        said.contains(&format!("  affection {affection} (")),
        "{said}"
    );

    // The name is known now: that is signing in.
    let mut again = example.start(&server.door.address);
    again.complains(&format!("affection {affection})")).await;
    again.is_left();
    assert_eq!(again.ended().await, Some(0));
}

async fn goes_on_after_a_cut(world: World, example: Example) {
    let server = world.slow_server(&[]).await;
    let way = Way::to(&server.door).await;
    let mut program = example.start(&way.address);
    program.is_told(KIND);
    program.says("Hana: ").await;
    program.says(" ").await;
    way.cut();
    program.complains("; back in").await;
    sleep(CUT_FOR).await;
    way.lead_to(&server.door);
    program.says("  affection ").await;
    // Once more, now that the two have met.
    program.is_told(KIND);
    program.says("Hana: ").await;
    way.cut();
    sleep(CUT_FOR).await;
    way.lead_to(&server.door);
    program.says("  affection ").await;
    program.is_left();
    assert_eq!(program.ended().await, Some(0));

    let said = program.said();
    let ann = User::log_in(&server.door, "ann").await;
    let history = ann.history(&hana(&ann).await).await;
    assert_eq!(history.len(), 4, "each message was sent once: {history:#?}");
    for message in [&history[0], &history[2]] {
        let line = format!("Hana: {}\n", message["text"].as_str().expect("words"));
        assert!(said.contains(&line), "no {line:?} in {said}");
    }
    assert_eq!(said.matches("Hana: ").count(), 2, "{said}");
    assert_eq!(said.matches("  affection ").count(), 2, "{said}");
}

async fn goes_on_with_a_server_that_knows_its_token_no_more(world: World, example: Example) {
    let mut server = world.server().await;
    let way = Way::to(&server.door).await;
    let mut program = example.start(&way.address);
    program.is_told(KIND);
    program.says("  affection ").await;
    server.kill();
    way.cut();
    program.complains("; back in").await;
    program.is_told(KIND);
    let key = server.place.folder().join("data/secret.key");
    fs::remove_file(key).expect("a key");
    server.start_again().await;
    way.lead_to(&server.door);
    program.says("  affection ").await;
    program.is_left();
    assert_eq!(program.ended().await, Some(0));
    let ann = User::log_in(&server.door, "ann").await;
    assert_eq!(ann.history(&hana(&ann).await).await.len(), 4);
}

async fn says_why_it_gives_up(world: World, example: Example) {
    let server = world.server().await;
    let address = server.door.address.as_str();
    // Whose password is another.
    let account = serde_json::json!({"username": "bob", "password": "another password"});
    server.door.post("/auth/register", &account).await.created();
    let mut program = example.start_with(&["--url", address, "--name", "bob"]);
    assert_eq!(program.ended().await, Some(1));
    assert!(
        program.complained().starts_with("error: "),
        "{}",
        program.complained()
    );

    let nobody = ["--url", address, "--name", "ann", "--companion", "Nobody"];
    let mut program = example.start_with(&nobody);
    assert_eq!(program.ended().await, Some(1));
    let complaint = program.complained();
    assert_eq!(complaint, "error: there is no such companion\n");

    let ada = server.user().await;
    let mina = ada.public_companion().await;
    let her = ["--url", address, "--name", "ann", "--companion", "Mina"];
    let mut program = example.start_with(&her);
    program.complains("affection 0").await;
    // What the rules refuse is no reason to leave.
    program.is_told(&"a".repeat(8_001));
    program.complains("(validation: ").await;
    ada.delete(&format!("/waifus/{mina}")).await;
    assert_eq!(program.ended().await, Some(1));
    let complaint = program.complained();
    assert!(
        complaint.contains("error: the server closed the chat: 4410"),
        "{complaint}"
    );
}

async fn has_her_try_again(world: World, example: Example) {
    let server = world.server().await;
    let model = server.model();
    model.set_default(Speech::of("I am well again.").into());
    model.push(Answer::status(400, "{}"));
    let mut program = example.start(&server.door.address);
    program.is_told(KIND);
    program.says("[failed: ").await;
    program.says("Hana: I am well again.\n").await;
    program.says("  affection ").await;
    program.is_left();
    assert_eq!(program.ended().await, Some(0));
}

macro_rules! for_both {
    ($($scenario:ident: $python:ident, $javascript:ident;)*) => {$(
        async fn $python(world: World) {
            $scenario(world, Python).await;
        }

        async fn $javascript(world: World) {
            $scenario(world, JavaScript).await;
        }
    )*};
}

for_both! {
    chats_and_gives_a_gift:
        the_python_example_chats_and_gives_a_gift,
        the_javascript_example_chats_and_gives_a_gift;
    goes_on_after_a_cut:
        the_python_example_goes_on_after_a_cut_in_the_middle_of_her_words,
        the_javascript_example_goes_on_after_a_cut_in_the_middle_of_her_words;
    goes_on_with_a_server_that_knows_its_token_no_more:
        the_python_example_goes_on_with_a_server_that_knows_its_token_no_more,
        the_javascript_example_goes_on_with_a_server_that_knows_its_token_no_more;
    says_why_it_gives_up:
        the_python_example_says_why_it_gives_up,
        the_javascript_example_says_why_it_gives_up;
    has_her_try_again:
        the_python_example_has_her_try_again_when_her_model_has_failed,
        the_javascript_example_has_her_try_again_when_her_model_has_failed;
}
