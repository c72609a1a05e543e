//! Gifts: what each would earn, what it does earn, and which she does not accept.

use serde_json::{Value, json};

use crate::support::acts::row_of;
use crate::support::chat::{KIND, change_of, id_of};
use crate::support::new_id;
use crate::support::rest::{User, send};
use crate::support::shape::shape;
use crate::support::socket::Socket;
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_gift_earns_exactly_what_the_list_says,
        the_list_is_by_key_and_the_same_in_pages,
        a_gift_for_a_higher_level_is_declined_and_leaves_no_trace,
        a_gift_that_is_locked_is_declined_with_the_name_of_what_is_missing,
        a_keepsake_is_kept_and_shown,
        what_cannot_be_given_is_refused_and_leaves_no_trace,
    ],
}

async fn somebody_with_taste(user: &User) -> String {
    let likes = json!({"flowers": 3, "sweets": 1});
    user.companion_with_taste(likes, json!({"coriander": 2}))
        .await
}

async fn a_gift_earns_exactly_what_the_list_says(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = somebody_with_taste(&ada).await;
    let mut affection = 0;
    for (gift, moves, rule) in [
        ("wildflowers", 6, "gift.liked"),
        ("spring_tea", 5, "gift.base"),
        ("coriander_pot", -1, "gift.disliked"),
        ("wildflowers", 3, "gift.repeated"),
        ("strawberry_shortcake", 6, "gift.liked"),
        // The cap of 20 is full, and what she dislikes has made no room.
        ("mountain_coffee", 0, "cap.gift"),
        ("coriander_pot", -1, "gift.disliked"),
    ] {
        let before = ada.everything_with(&hana).await;
        let offer = ada.gift(&hana, gift).await;
        assert_eq!(ada.everything_with(&hana).await, before, "{gift}");
        assert_eq!(offer.get("refused"), None, "{offer}");

        let done = ada.give(&hana, gift).await.ok();
        let row = row_of(&done);
        assert_eq!(change_of(&row), moves, "{row}");
        assert!(row["reasons"].to_string().contains(rule), "{row}");
        let earned =
            json!({"affection_change": row["affection_change"], "reasons": row["reasons"]});
        assert_eq!(offer["would_earn"], earned, "{gift}");
        affection += moves;
        assert_eq!(row["affection_after"], affection, "{row}");
        assert_eq!(row["cause"], json!({"type": "gift", "gift": gift}));
        assert_eq!(done["relationship"], ada.relationship(&hana).await);
        assert_eq!(ada.ledger(&hana).await[0], row);
    }
}

async fn the_list_is_by_key_and_the_same_in_pages(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = somebody_with_taste(&ada).await;
    let path = format!("/waifus/{hana}/gifts");
    let all = ada.gifts(&hana).await;
    let keys: Vec<_> = all
        .iter()
        .map(|gift| gift["key"].as_str().unwrap())
        .collect();
    assert!(keys.is_sorted() && keys.len() > 50, "{keys:?}");
    for limit in [7, 50] {
        assert_eq!(ada.pages(&path, limit).await, all);
    }
    insta::assert_json_snapshot!("gift", shape(&ada.gift(&hana, "wildflowers").await));
    insta::assert_json_snapshot!("refused_gift", shape(&ada.gift(&hana, "plain_ring").await));
}

async fn a_gift_for_a_higher_level_is_declined_and_leaves_no_trace(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = somebody_with_taste(&ada).await;
    for have_met in [false, true] {
        if have_met {
            ada.say(&hana, KIND).await.ok();
        }
        let before = ada.everything_with(&hana).await;
        let offer = ada.gift(&hana, "red_roses").await;
        assert_eq!(offer["would_earn"], Value::Null);
        let refused = json!({"code": "gift_declined", "least_level": 7});
        assert_eq!(offer["refused"], refused);
        let problem = ada
            .give(&hana, "red_roses")
            .await
            .problem(409, "gift_declined");
        assert_eq!(problem["least_level"], 7, "{problem}");
        assert_eq!(ada.everything_with(&hana).await, before);
        let (_, ready) = Socket::ready(&ada, &hana).await;
        assert_eq!(ready["epoch"].is_string(), have_met, "{ready}");
    }
}

async fn a_gift_that_is_locked_is_declined_with_the_name_of_what_is_missing(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = somebody_with_taste(&ada).await;
    ada.say(&hana, KIND).await.ok();
    operator.adjust(&ada, &hana, 60).await.ok();
    let before = ada.everything_with(&hana).await;

    let offer = ada.gift(&hana, "beach_parasol").await;
    let refused = json!({"code": "gift_declined", "unlock": "beach_outfit"});
    assert_eq!(offer["refused"], refused);
    let answer = ada.give(&hana, "beach_parasol").await;
    let problem = answer.problem(409, "gift_declined");
    assert_eq!(problem["unlock"], "beach_outfit", "{problem}");
    assert_eq!(problem.get("least_level"), None, "{problem}");
    assert_eq!(ada.everything_with(&hana).await, before);
}

async fn a_keepsake_is_kept_and_shown(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.give(&hana, "wildflowers").await.ok();
    assert_eq!(ada.relationship(&hana).await["keepsakes"], json!([]));
    let first = ada.give(&hana, "sea_glass").await.ok();
    assert_ne!(row_of(&first)["facts"], json!([]));
    let again = ada.give(&hana, "sea_glass").await.ok();
    assert_eq!(row_of(&again)["facts"], json!([]));
    for told in [&first, &again] {
        assert_eq!(told["relationship"]["keepsakes"], json!(["sea_glass"]));
    }
    let (_, ready) = Socket::ready(&ada, &hana).await;
    assert_eq!(ready["relationship"]["keepsakes"], json!(["sea_glass"]));
}

async fn what_cannot_be_given_is_refused_and_leaves_no_trace(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let (hana, foreign) = (ada.companion().await, bob.companion().await);
    let path = |waifu: &str| format!("/waifus/{waifu}/gifts");
    let wildflowers = id_of(&ada.gift(&hana, "wildflowers").await);
    let cafe = id_of(&ada.date(&hana, "cafe").await);
    let nothing = ada.everything_with(&hana).await;

    let gift = |id: &str| json!({"gift_id": id});
    for unknown in [new_id(), cafe] {
        ada.post(&path(&hana), &gift(&unknown))
            .await
            .problem(404, "not_found");
    }
    for nobody in [new_id(), foreign] {
        ada.post(&path(&nobody), &gift(&wildflowers))
            .await
            .problem(404, "not_found");
    }
    for (body, pointer) in [
        (json!({}), ""),
        (json!({"gift_id": "roses"}), "/gift_id"),
        (json!({"gift_id": 7}), "/gift_id"),
        (json!({"gift_id": null}), "/gift_id"),
        (json!({"gift_id": wildflowers, "note": "x"}), "/note"),
    ] {
        let problem = ada.post(&path(&hana), &body).await;
        let problem = problem.problem(422, "validation");
        assert_eq!(
            problem["errors"][0]["pointer"], pointer,
            "{body}: {problem}"
        );
    }
    let request = ada.request("POST", &path(&hana));
    let request = request.header("Content-Type", "application/json");
    send(request.body("{\"gift_id\":"))
        .await
        .problem(400, "malformed_json");
    assert_eq!(ada.everything_with(&hana).await, nothing);

    ada.give(&hana, "wildflowers").await.ok();
    let before = ada.everything_with(&hana).await;
    ada.delete(&format!("/waifus/{hana}")).await;
    ada.get(&path(&hana)).await.problem(410, "companion_gone");
    ada.post(&path(&hana), &gift(&wildflowers))
        .await
        .problem(410, "companion_gone");
    assert_eq!(ada.everything_with(&hana).await, before);
}
