//! Companions: whole, versioned, and shown to those who may see them.

use serde_json::{Value, json};
use waifu_app::ports::store::{Edited, Editor, StoreError, Taken, WaifuEdit, WaifuPlace};
use waifu_domain::ids::{UserId, WaifuId};
use waifu_domain::waifu::{Owner, Visibility, Waifu, WaifuProfile};

use super::{Promise, StoreUnderTest};
use crate::builders::{fresh, moment, profile, slug, user, waifu};

pub async fn a_companion_comes_back_whole(under_test: &StoreUnderTest) -> Promise {
    let owner = under_test.add_user(user("ada")).await?;
    let written = Waifu {
        owner: Owner::User(owner.id),
        visibility: Visibility::Private,
        updated_at: moment(3),
        ..waifu()
    };
    under_test.add_waifu(written.clone()).await?;
    assert_eq!(by_id(under_test, written.id).await?, Some(written));
    assert_eq!(by_id(under_test, fresh()).await?, None);
    Ok(())
}

pub async fn documents_with_unknown_keys_come_back_unchanged(
    under_test: &StoreUnderTest,
) -> Promise {
    let given = json!({
        "name": "Yuki",
        "personality": {
            "zeta": [1, 2.5, -0.0, 1e300, {"b": null, "a": [true, "ö\u{1f97a}\"\\\n"]}],
            "alpha": {"": "an empty key", "nested": {"deep": {"deeper": []}}},
            "big": 9_007_199_254_740_993_i64,
            "speech_style": {"pitch": 3},
        },
        "appearance": {"cards": {"x": {}}},
        "stats": {"dexterity": 12, "luck": 100},
    });
    let profile: WaifuProfile = serde_json::from_value(given).expect("the profile is valid");
    let written = Waifu { profile, ..waifu() };
    under_test.add_waifu(written.clone()).await?;
    let read = by_id(under_test, written.id).await?.expect("she is there");
    let as_json = |profile: &WaifuProfile| -> Value {
        serde_json::to_value(profile).expect("profiles have string keys")
    };
    assert_eq!(as_json(&read.profile), as_json(&written.profile));
    Ok(())
}

pub async fn a_house_companion_is_found_by_her_key(under_test: &StoreUnderTest) -> Promise {
    let written = Waifu {
        key: Some(slug("himari")),
        ..waifu()
    };
    under_test.add_waifu(written.clone()).await?;
    under_test.add_waifu(waifu()).await?;
    let mut look = under_test.store.snapshot().await?;
    let found = look.waifus().by_key(&slug("himari")).await?;
    assert_eq!(found, Some(written));
    assert_eq!(look.waifus().by_key(&slug("yuki")).await?, None);
    Ok(())
}

pub async fn a_key_is_taken_once(under_test: &StoreUnderTest) -> Promise {
    let first = Waifu {
        key: Some(slug("himari")),
        ..waifu()
    };
    let second = Waifu {
        key: first.key.clone(),
        ..waifu()
    };
    under_test.add_waifu(first).await?;
    let mut work = under_test.store.begin().await?;
    assert_eq!(work.waifus().insert(&second).await?, Err(Taken));
    work.commit().await?;
    assert_eq!(by_id(under_test, second.id).await?, None);
    Ok(())
}

pub async fn a_seeds_version_is_told_from_a_persons(under_test: &StoreUnderTest) -> Promise {
    let written = Waifu {
        key: Some(slug("himari")),
        seeded_version: Some(1),
        ..waifu()
    };
    let id = written.id;
    under_test.add_waifu(written).await?;
    let edit = |expected_version, editor| WaifuEdit {
        id,
        expected_version,
        editor,
        profile: profile("Himari"),
        visibility: Visibility::Public,
        at: moment(9),
    };
    for (version, editor, edited_since) in [(1, Editor::Seed, false), (2, Editor::Person, true)] {
        let mut work = under_test.store.begin().await?;
        assert_eq!(
            work.waifus().edit(edit(version, editor)).await?,
            Edited::Done
        );
        work.commit().await?;
        let read = by_id(under_test, id).await?.expect("she was written");
        assert_eq!(read.is_edited_since_seeding(), edited_since, "{editor:?}");
    }
    Ok(())
}

pub async fn a_store_without_companions_is_empty(under_test: &StoreUnderTest) -> Promise {
    assert!(is_empty(under_test).await?);
    let her = under_test.add_waifu(waifu()).await?;
    under_test.delete_waifu(&her).await?;
    assert!(!is_empty(under_test).await?);
    Ok(())
}

pub async fn an_edit_makes_a_new_version(under_test: &StoreUnderTest) -> Promise {
    let her = under_test.add_waifu(waifu()).await?;
    assert_eq!(edit(under_test, her.id, 1, "Second").await?, Edited::Done);
    assert_eq!(edit(under_test, her.id, 2, "Third").await?, Edited::Done);
    let expected = Waifu {
        version: 3,
        profile: profile("Third"),
        visibility: Visibility::Private,
        updated_at: moment(2),
        ..her
    };
    assert_eq!(by_id(under_test, expected.id).await?, Some(expected));
    Ok(())
}

pub async fn an_edit_of_an_older_version_is_stale(under_test: &StoreUnderTest) -> Promise {
    let her = under_test.add_waifu(waifu()).await?;
    assert_eq!(edit(under_test, her.id, 1, "Second").await?, Edited::Done);
    assert_eq!(edit(under_test, her.id, 1, "Lost").await?, Edited::Stale);
    assert_eq!(edit(under_test, fresh(), 1, "Who?").await?, Edited::Stale);
    let read = by_id(under_test, her.id).await?.expect("she is there");
    assert_eq!((read.version, read.profile), (2, profile("Second")));
    Ok(())
}

pub async fn a_deleted_companion_can_not_be_edited(under_test: &StoreUnderTest) -> Promise {
    let her = under_test.add_waifu(waifu()).await?;
    under_test.delete_waifu(&her).await?;
    assert_eq!(edit(under_test, her.id, 1, "Second").await?, Edited::Stale);
    Ok(())
}

pub async fn a_companion_is_deleted_once(under_test: &StoreUnderTest) -> Promise {
    let her = under_test.add_waifu(waifu()).await?;
    let mut work = under_test.store.begin().await?;
    work.waifus().delete(her.id, moment(1)).await?;
    work.waifus().delete(her.id, moment(2)).await?;
    work.commit().await?;
    let read = by_id(under_test, her.id).await?.expect("she is kept");
    assert_eq!(read.deleted_at, Some(moment(1)));
    let other = under_test.add_waifu(crate::builders::waifu()).await?;
    let mut look = under_test.store.snapshot().await?;
    let asked = [read.id, other.id, crate::builders::fresh()];
    assert_eq!(look.waifus().deleted(&asked).await?, [read.id]);
    Ok(())
}

pub async fn a_page_shows_what_the_viewer_may_see(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let other = under_test.add_user(user("bob")).await?;
    let of = |owner: UserId, visibility, second| Waifu {
        owner: Owner::User(owner),
        visibility,
        created_at: moment(second),
        ..waifu()
    };
    let own = of(scenario.user.id, Visibility::Private, 1);
    let shown = of(other.id, Visibility::Public, 2);
    let hidden = of(other.id, Visibility::Private, 3);
    let befriended = of(other.id, Visibility::Public, 4);
    let deleted = of(scenario.user.id, Visibility::Public, 5);
    for her in [&own, &shown, &hidden, &befriended, &deleted] {
        under_test.add_waifu(her.clone()).await?;
    }
    under_test.delete_waifu(&deleted).await?;
    let mut friends = scenario.clone();
    friends.pair.waifu_id = befriended.id;
    under_test.play(friends.turn("hello"), "hi").await?;
    edit(under_test, befriended.id, 1, "Withdrawn").await?;

    let seen = pages(under_test, scenario.user.id, 50).await?;
    let expected = [scenario.waifu.id, own.id, shown.id, befriended.id];
    assert_eq!(seen, expected);
    let seen = pages(under_test, other.id, 50).await?;
    let expected = [scenario.waifu.id, shown.id, hidden.id, befriended.id];
    assert_eq!(seen, expected);
    Ok(())
}

pub async fn pages_of_companions_lose_nobody(under_test: &StoreUnderTest) -> Promise {
    let viewer = under_test.add_user(user("ada")).await?;
    let mut expected = Vec::new();
    for n in 0..11 {
        let her = Waifu {
            // Four of each moment, so that pages end between equal times.
            created_at: moment(-(n / 4)),
            ..waifu()
        };
        expected.push((her.created_at, her.id));
        under_test.add_waifu(her).await?;
    }
    expected.sort();
    let expected: Vec<_> = expected.into_iter().map(|(_, id)| id).collect();
    for limit in [1, 3, 4, 50] {
        let seen = pages(under_test, viewer.id, limit).await?;
        assert_eq!(seen, expected, "in pages of {limit}");
    }
    Ok(())
}

pub async fn the_houses_companions_are_listed_whoever_may_see_them(
    under_test: &StoreUnderTest,
) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    let of_house = Waifu {
        owner: Owner::House,
        visibility: Visibility::Private,
        ..waifu()
    };
    let later = Waifu {
        id: fresh(),
        created_at: moment(1),
        visibility: Visibility::Public,
        ..of_house.clone()
    };
    let deleted = Waifu {
        id: fresh(),
        ..of_house.clone()
    };
    let adas = Waifu {
        id: fresh(),
        owner: Owner::User(ada.id),
        ..of_house.clone()
    };
    for her in [&of_house, &later, &deleted, &adas] {
        under_test.add_waifu(her.clone()).await?;
    }
    under_test.delete_waifu(&deleted).await?;
    let mut look = under_test.store.snapshot().await?;
    let first = look.waifus().of_house(None, 1).await?;
    assert_eq!(first, std::slice::from_ref(&of_house));
    let place = WaifuPlace {
        created_at: of_house.created_at,
        id: of_house.id,
    };
    let rest = look.waifus().of_house(Some(place), 5).await?;
    assert_eq!(rest, [later]);
    Ok(())
}

/// All pages of so many, one after the other.
async fn pages(
    under_test: &StoreUnderTest,
    viewer: UserId,
    limit: u32,
) -> Result<Vec<WaifuId>, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = look.waifus().visible_to(viewer, after, limit).await?;
        assert!(page.len() <= limit as usize);
        let Some(last) = page.last() else {
            return Ok(seen);
        };
        after = Some(WaifuPlace {
            created_at: last.created_at,
            id: last.id,
        });
        seen.extend(page.iter().map(|her| her.id));
    }
}

/// To private, at as many seconds as the version counted before.
async fn edit(
    under_test: &StoreUnderTest,
    id: WaifuId,
    expected_version: u32,
    name: &str,
) -> Result<Edited, StoreError> {
    let mut work = under_test.store.begin().await?;
    let edit = WaifuEdit {
        id,
        expected_version,
        editor: Editor::Person,
        profile: profile(name),
        visibility: Visibility::Private,
        at: moment(expected_version.into()),
    };
    let edited = work.waifus().edit(edit).await?;
    work.commit().await?;
    Ok(edited)
}

async fn by_id(under_test: &StoreUnderTest, id: WaifuId) -> Result<Option<Waifu>, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.waifus().by_id(id).await
}

async fn is_empty(under_test: &StoreUnderTest) -> Result<bool, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.waifus().is_empty().await
}
