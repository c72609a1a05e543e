//! Accounts, and the values that any row must give back as it got them.

use std::time::Duration;

use time::macros::date;
use waifu_app::ports::passwords::PasswordHash;
use waifu_app::ports::store::{StoreError, StoredPassword, Taken};
use waifu_domain::time_zone::TimeZone;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::{AgeGroup, Role, User};

use super::{Promise, StoreUnderTest};
use crate::builders::{display_name, fresh, moment, new_user, user, username};

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

pub async fn an_update_writes_back_what_may_change(under_test: &StoreUnderTest) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    let bob = under_test.add_user(user("bob")).await?;
    let changed = User {
        display_name: display_name("Ada L."),
        role: Role::Operator,
        age_group: AgeGroup::Minor,
        time_zone: zone("Asia/Tokyo"),
        birthday: Some(date!(2004 - 02 - 29)),
        suspended_at: Some(moment(7)),
        pronouns: Some(text("they/them")),
        locale: Some(text("pt-BR")),
        persona: Some(text("A baker.\nUp early.")),
        ..ada.clone()
    };
    let changed_back = User {
        birthday: None,
        ..ada.clone()
    };
    for written in [changed, changed_back] {
        // A name to sign in with and the day of the first are for good.
        let asked = User {
            username: username("eve"),
            created_at: moment(99),
            ..written.clone()
        };
        let mut work = under_test.store.begin().await?;
        work.users().update(&asked).await?;
        work.commit().await?;
        let mut look = under_test.store.snapshot().await?;
        assert_eq!(look.users().by_id(ada.id).await?, Some(written.clone()));
        let found = look.users().by_username(&ada.username).await?;
        assert_eq!(found, Some((written, new_user(ada.clone()).password_hash)));
        assert_eq!(look.users().by_id(bob.id).await?, Some(bob.clone()));
    }
    Ok(())
}

pub async fn a_password_is_changed_for_its_user_alone(under_test: &StoreUnderTest) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    let bob = under_test.add_user(user("bob")).await?;
    let old = StoredPassword::for_good(new_user(ada.clone()).password_hash);
    let new = StoredPassword {
        hash: PasswordHash("new".to_owned()),
        until: Some(moment(60)),
    };
    let mut work = under_test.store.begin().await?;
    assert_eq!(work.users().password(ada.id).await?, Some(old.clone()));
    work.users().set_password(ada.id, new.clone()).await?;
    work.commit().await?;
    let mut look = under_test.store.snapshot().await?;
    assert_eq!(look.users().password(ada.id).await?, Some(new));
    assert_eq!(look.users().password(bob.id).await?, Some(old));
    assert_eq!(look.users().password(fresh()).await?, None);
    Ok(())
}

pub async fn pages_of_users_lose_nobody(under_test: &StoreUnderTest) -> Promise {
    let mut everybody = Vec::new();
    for n in 0..5 {
        everybody.push(under_test.add_user(user(&format!("user_{n}"))).await?);
    }
    everybody.sort_by_key(|user| user.id);
    let mut look = under_test.store.snapshot().await?;
    let mut paged = Vec::new();
    loop {
        let after = paged.last().map(|user: &User| user.id);
        let page = look.users().page(after, 2).await?;
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, everybody);
    Ok(())
}

pub async fn a_locked_user_makes_the_next_one_wait(under_test: &StoreUnderTest) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    let mut first = under_test.store.begin().await?;
    assert_eq!(first.users().lock(ada.id).await?, Some(ada.clone()));
    let (store, id) = (under_test.store.clone(), ada.id);
    let second = tokio::spawn(async move {
        let mut work = store.begin().await?;
        let found = work.users().lock(id).await?;
        work.commit().await?;
        Ok::<_, StoreError>(found)
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!second.is_finished());

    let renamed = User {
        display_name: display_name("Ada L."),
        ..ada
    };
    first.users().update(&renamed).await?;
    first.commit().await?;
    let found = second.await.expect("the other task is well")?;
    assert_eq!(found, Some(renamed));
    let mut work = under_test.store.begin().await?;
    assert_eq!(work.users().lock(fresh()).await?, None);
    work.rollback().await
}

pub async fn a_users_days_come_back_as_they_were(under_test: &StoreUnderTest) -> Promise {
    for (n, (time_zone, birthday)) in [
        ("UTC", None),
        ("Europe/Berlin", Some(date!(1999 - 12 - 31))),
        (
            "America/Argentina/Buenos_Aires",
            Some(date!(2000 - 02 - 29)),
        ),
        ("Pacific/Kiritimati", Some(date!(1900 - 01 - 01))),
    ]
    .into_iter()
    .enumerate()
    {
        let written = User {
            time_zone: zone(time_zone),
            birthday,
            ..user(&format!("user_{n}"))
        };
        under_test.add_user(written.clone()).await?;
        let mut look = under_test.store.snapshot().await?;
        assert_eq!(look.users().by_id(written.id).await?, Some(written));
    }
    Ok(())
}

pub async fn a_judge_is_told_of_the_users_days(under_test: &StoreUnderTest) -> Promise {
    let mut scenario = under_test.scenario("ada").await?;
    let eve = User {
        age_group: AgeGroup::Minor,
        time_zone: zone("Asia/Tokyo"),
        birthday: Some(date!(2004 - 02 - 29)),
        ..user("eve")
    };
    let eve = under_test.add_user(eve).await?;
    scenario.pair.user_id = eve.id;
    let turn = scenario.turn("hello");
    let opening = under_test.accept_new(turn.clone()).await?;
    assert_eq!(opening.standing.person, eve.person());
    let standing = under_test.standing(turn.turn_id).await?;
    assert_eq!(standing.person, eve.person());
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

fn zone(name: &str) -> TimeZone {
    TimeZone::try_from(name.to_owned()).expect("tests name zones that are")
}

fn text<T: TryFrom<String, Error: std::fmt::Debug>>(text: &str) -> T {
    text.to_owned().try_into().expect("tests write valid texts")
}
