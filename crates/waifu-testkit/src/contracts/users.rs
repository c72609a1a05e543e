//! Accounts, and the values that any row must give back as it got them.

use waifu_app::ports::store::Taken;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::{AgeGroup, Role, User};

use super::{Promise, StoreUnderTest};
use crate::builders::{display_name, fresh, new_user, user, username};

pub async fn a_user_is_found_by_id_and_by_name(under_test: &StoreUnderTest) -> Promise {
    let ada = User {
        display_name: display_name("Ada L."),
        role: Role::Operator,
        age_group: AgeGroup::Minor,
        ..user("ada")
    };
    under_test.add_user(ada.clone()).await?;
    under_test.add_user(user("bob")).await?;

    let mut look = under_test.store.snapshot().await?;
    assert_eq!(look.users().by_id(ada.id).await?, Some(ada.clone()));
    let (found, hash) = look
        .users()
        .by_username(&ada.username)
        .await?
        .expect("she is there");
    assert_eq!(found, ada);
    assert_eq!(hash, new_user(ada).password_hash);
    assert_eq!(look.users().by_id(fresh()).await?, None);
    assert_eq!(look.users().by_username(&username("eve")).await?, None);
    Ok(())
}

pub async fn a_taken_name_is_refused_and_the_unit_of_work_goes_on(
    under_test: &StoreUnderTest,
) -> Promise {
    let first = under_test.add_user(user("ada")).await?;
    let second = user("ada");
    let mut work = under_test.store.begin().await?;
    let inserted = work.users().insert(new_user(second.clone())).await?;
    assert_eq!(inserted, Err(Taken));
    let inserted = work.users().insert(new_user(user("bob"))).await?;
    assert_eq!(inserted, Ok(()));
    work.commit().await?;

    let mut look = under_test.store.snapshot().await?;
    assert_eq!(look.users().by_id(second.id).await?, None);
    let (found, _) = look
        .users()
        .by_username(&first.username)
        .await?
        .expect("the first is still there");
    assert_eq!(found, first);
    let bob = look.users().by_username(&username("bob")).await?;
    assert!(bob.is_some());
    Ok(())
}

pub async fn microsecond_times_survive(under_test: &StoreUnderTest) -> Promise {
    for (n, micros) in [
        0,
        -1,
        1_767_636_000_123_457,
        i64::MIN, // the year 1
        i64::MAX, // the year 9999
    ]
    .into_iter()
    .enumerate()
    {
        let written = User {
            created_at: Timestamp::from_unix_micros(micros),
            ..user(&format!("user_{n}"))
        };
        under_test.add_user(written.clone()).await?;
        let mut look = under_test.store.snapshot().await?;
        assert_eq!(look.users().by_id(written.id).await?, Some(written));
    }
    Ok(())
}

pub async fn unicode_names_survive(under_test: &StoreUnderTest) -> Promise {
    let written = User {
        display_name: display_name("ひまり 👩‍👩‍👧 é e\u{301} \u{202e}rtl 𝕏"),
        ..user("ada")
    };
    under_test.add_user(written.clone()).await?;
    let mut look = under_test.store.snapshot().await?;
    assert_eq!(look.users().by_id(written.id).await?, Some(written));
    Ok(())
}
