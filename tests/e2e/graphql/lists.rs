//! The lists of the relationship engine.

use serde_json::{Value, json};

use super::{in_graphql, nodes};
use crate::support::chat::{HOSTILE, KIND, items};
use crate::support::world::World;

scenarios! {
    everywhere: [
        each_list_tells_what_rest_tells,
        lists_go_on_from_their_end,
        the_plot_tells_what_rest_tells,
    ],
}

/// Each list: its name, its path at the other door, and all that there is to ask of an item.
const LISTS: [(&str, &str, &str); 4] = [
    ("gifts", "gifts", OFFER_OF_A_GIFT),
    ("dates", "dates", OFFER_OF_A_DATE),
    (
        "events",
        "events",
        "id event title scene state openedAt expiresAt closedAt choices { key label } choice",
    ),
    (
        "interactions",
        "relationship/interactions",
        "id no kind content timestamp requestedChange affectionChange affectionAfter levelAfter \
         reasons { rule effect text }",
    ),
];

const OFFER_OF_A_GIFT: &str = "id key name description tags base leastLevel keepsake requires \
    wouldEarn { affectionChange reasons { rule effect text } } refused { code leastLevel unlock retryAt }";
const OFFER_OF_A_DATE: &str = "id key name description tags base leastLevel cooldownHours requires \
    wouldEarn { affectionChange reasons { rule effect text } } refused { code leastLevel unlock retryAt }";

fn query(list: &str, fields: &str) -> String {
    format!(
        "query($id: ID!, $first: Int, $after: String) {{
            {list}(waifuId: $id, first: $first, after: $after) {{
                edges {{ cursor node {{ {fields} }} }} pageInfo {{ hasNextPage endCursor }}
            }} }}"
    )
}

async fn each_list_tells_what_rest_tells(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let (likes, dislikes) = (json!({"flowers": 2}), json!({"dogs": 1}));
    let hana = ada.companion_with_taste(likes, dislikes).await;
    ada.say(&hana, KIND).await.ok();
    ada.give(&hana, "sea_glass").await.ok();
    ada.go(&hana, "borrowed_dogs").await.ok();
    ada.choose(&hana, "first_chat", "ask").await.ok();
    ada.say(&hana, HOSTILE).await.ok();
    for (list, path, fields) in LISTS {
        let variables = json!({"id": hana, "first": 100});
        let answer = ada.graphql(&query(list, fields), &variables).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        let nodes = Value::from(nodes(&answer["data"][list]));
        let told = Value::from(ada.pages(&format!("/waifus/{hana}/{path}"), 100).await);
        assert!(told.as_array().unwrap().len() >= 4, "{list}: {told}");
        assert_eq!(nodes, in_graphql(&told, &nodes), "{list}");
    }
    // Asking has written nothing.
    assert_eq!(ada.ledger(&hana).await.len(), 5);
}

async fn lists_go_on_from_their_end(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    ada.give(&hana, "wildflowers").await.ok();
    ada.go(&hana, "chess_in_the_park").await.ok();
    for (list, path, _) in LISTS {
        let all = ada.pages(&format!("/waifus/{hana}/{path}"), 100).await;
        let half = all.len().div_ceil(2);
        let mut found = Vec::new();
        let mut after = Value::Null;
        for has_next_page in [true, false] {
            let variables = json!({"id": hana, "first": half, "after": after});
            let answer = ada.graphql(&query(list, "id"), &variables).await;
            let page = &answer["data"][list];
            assert_eq!(page["pageInfo"]["hasNextPage"], has_next_page, "{answer}");
            found.extend(nodes(page).iter().map(|node| node["id"].clone()));
            after = page["pageInfo"]["endCursor"].clone();
        }
        let ids: Vec<_> = all.iter().map(|item| item["id"].clone()).collect();
        assert_eq!(found, ids, "{list}");
        for wrong in [
            json!({"first": 0}),
            json!({"first": 101}),
            json!({"after": "x"}),
        ] {
            let mut variables = wrong;
            variables["id"] = json!(hana);
            let answer = ada.graphql(&query(list, "id"), &variables).await;
            let code = &answer["errors"][0]["extensions"]["code"];
            assert_eq!(code, "validation", "{answer}");
        }
    }
}

async fn the_plot_tells_what_rest_tells(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    ada.give(&hana, "wildflowers").await.ok();
    let query = "query($id: ID!, $bucket: Bucket, $from: String, $until: String) {
        affectionHistory(waifuId: $id, bucket: $bucket, from: $from, until: $until) {
            from until interactions gained lost affection level } }";
    for bucket in ["hour", "day", "week"] {
        let variables = json!({"id": hana, "bucket": bucket.to_uppercase()});
        let answer = ada.graphql(query, &variables).await;
        let parts = &answer["data"]["affectionHistory"];
        let path = format!("/waifus/{hana}/relationship/history?bucket={bucket}");
        let told = Value::from(items(&ada.get(&path).await.ok()));
        assert_eq!(*parts, in_graphql(&told, parts), "{answer}");
        assert_eq!(parts[29]["interactions"], 2, "{answer}");
    }
    for (from, until) in [
        ("2026-03-03T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("2020-03-03T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("yesterday", "2026-03-01T00:00:00Z"),
    ] {
        let variables = json!({"id": hana, "from": from, "until": until});
        let answer = ada.graphql(query, &variables).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        assert_eq!(code, "validation", "{answer}");
    }
}
