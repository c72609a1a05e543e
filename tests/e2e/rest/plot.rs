//! Affection over time, for a plot.

use serde_json::{Value, json};

use crate::support::chat::{HOSTILE, KIND, change_of, items};
use crate::support::shape::shape;
use crate::support::world::World;

scenarios! {
    everywhere: [
        the_parts_of_a_plot_add_up_to_the_ledger,
        a_plot_shows_what_it_is_asked_for,
        a_plot_that_makes_no_sense_is_refused_by_name,
        strangers_have_an_empty_plot,
    ],
}

fn sum(parts: &[Value], field: &str) -> i64 {
    parts.iter().map(|part| part[field].as_i64().unwrap()).sum()
}

async fn the_parts_of_a_plot_add_up_to_the_ledger(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let turn = ada.say(&hana, KIND).await.ok()["turn_id"].clone();
    ada.give(&hana, "spring_tea").await.ok();
    ada.say(&hana, HOSTILE).await.ok();
    ada.rewind(&hana, &turn).await.ok();
    ada.say(&hana, KIND).await.ok();
    let ledger = ada.ledger(&hana).await;
    let changes: Vec<i64> = ledger.iter().map(change_of).collect();
    let gained: i64 = changes.iter().filter(|change| **change > 0).sum();
    let lost: i64 = changes.iter().filter(|change| **change < 0).sum();
    assert!(gained > 0 && lost < 0, "{changes:?}");
    let relationship = ada.relationship(&hana).await;
    for bucket in ["hour", "day", "week"] {
        let path = format!("/waifus/{hana}/relationship/history?bucket={bucket}");
        let plot = ada.get(&path).await.ok();
        assert_eq!(
            (&plot["bucket"], &plot["next_cursor"]),
            (&json!(bucket), &Value::Null)
        );
        let parts = items(&plot);
        assert_eq!(parts.len(), 30);
        assert_eq!(sum(&parts, "interactions"), 6, "{bucket}");
        assert_eq!(sum(&parts, "gained"), gained, "{bucket}");
        assert_eq!(sum(&parts, "lost"), -lost, "{bucket}");
        let newest = parts.last().unwrap();
        for field in ["affection", "level"] {
            assert_eq!(newest[field], relationship[field], "{bucket}");
        }
        // Each begins where the one before it ends.
        let gapless = parts
            .windows(2)
            .all(|pair| pair[0]["until"] == pair[1]["from"]);
        assert!(gapless, "{parts:#?}");
        let happened = ledger[0]["timestamp"].as_str().unwrap();
        let begins = newest["from"].as_str().unwrap();
        let ends = newest["until"].as_str().unwrap();
        assert!(begins <= happened && happened < ends, "{newest}");
    }
}

async fn a_plot_shows_what_it_is_asked_for(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let path = format!("/waifus/{hana}/relationship/history");
    let spans = async |query: &str| {
        let parts = items(&ada.get(&format!("{path}?{query}")).await.ok());
        assert_eq!(sum(&parts, "interactions"), 0, "{query}");
        let ends = [&parts[0]["from"], &parts[parts.len() - 1]["until"]];
        (parts.len(), json!(ends))
    };
    // The parts that hold the ends are shown whole; weeks begin on Mondays.
    let days = spans("from=2026-03-01T10:00:00Z&until=2026-03-03T00:00:00Z").await;
    let march = json!(["2026-03-01T00:00:00.000000Z", "2026-03-03T00:00:00.000000Z"]);
    assert_eq!(days, (2, march));
    let hours = spans("bucket=hour&from=2026-03-01T10:59:00Z&until=2026-03-01T11:00:00.000001Z");
    let hours_of_march = json!(["2026-03-01T10:00:00.000000Z", "2026-03-01T12:00:00.000000Z"]);
    assert_eq!(hours.await, (2, hours_of_march));
    let weeks = spans("bucket=week&from=2026-03-01T10:00:00%2B02:00&until=2026-03-10T00:00:00Z");
    let weeks_of_march = json!(["2026-02-23T00:00:00.000000Z", "2026-03-16T00:00:00.000000Z"]);
    assert_eq!(weeks.await, (3, weeks_of_march));
    let most = spans("from=2025-01-01T00:00:00Z&until=2026-02-05T00:00:00Z").await;
    assert_eq!(most.0, 400);
}

async fn a_plot_that_makes_no_sense_is_refused_by_name(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    for (query, parameter, told) in [
        (
            "from=2026-03-03T00:00:00Z&until=2026-03-01T00:00:00Z",
            "from",
            "before",
        ),
        (
            "from=2026-03-03T00:00:00Z&until=2026-03-03T00:00:00Z",
            "from",
            "before",
        ),
        (
            "from=2025-01-01T00:00:00Z&until=2026-02-05T00:00:00.000001Z",
            "from",
            "400",
        ),
        (
            "bucket=hour&from=2026-03-01T00:00:00Z&until=2026-03-20T00:00:00Z",
            "from",
            "400",
        ),
        ("bucket=year", "query", "year"),
        ("from=yesterday", "query", ""),
        ("untill=2026-03-03T00:00:00Z", "query", "untill"),
        ("limit=3", "query", "limit"),
    ] {
        let path = format!("/waifus/{hana}/relationship/history?{query}");
        let problem = ada.get(&path).await.problem(422, "validation");
        let error = &problem["errors"][0];
        assert_eq!(error["parameter"], parameter, "{query}: {problem}");
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains(told), "{query}: {problem}");
    }
}

async fn strangers_have_an_empty_plot(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let mina = ada.public_companion().await;
    ada.say(&mina, KIND).await.ok();
    let path = format!("/waifus/{mina}/relationship/history");
    let parts = items(&bob.get(&path).await.ok());
    assert_eq!(parts.len(), 30);
    let nothing = json!({
        "from": "[time]", "until": "[time]",
        "interactions": 0, "gained": 0, "lost": 0, "affection": 0, "level": 0,
    });
    assert!(
        parts.iter().all(|part| shape(part) == nothing),
        "{parts:#?}"
    );
    assert_eq!(bob.relationship(&mina).await["version"], 0);
}
