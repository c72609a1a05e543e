//! Keys of programs: whose they are, and how they stand.

use waifu_app::caller::Scope;
use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{ApiKey, Standing, StoreError};
use waifu_domain::ids::{ApiKeyId, UserId};
use waifu_domain::user::User;

use super::{Promise, StoreUnderTest};
use crate::builders::{fresh, moment, user};

pub async fn keys_are_listed_newest_first_to_their_owner_alone(
    under_test: &StoreUnderTest,
) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    let bob = under_test.add_user(user("bob")).await?;
    let mut hers: Vec<ApiKey> = (1..=3).map(|secret| key(ada.id, secret)).collect();
    hers.sort_by_key(|key| std::cmp::Reverse(key.id));
    for key in &hers {
        insert(under_test, key).await?;
    }
    let his = key(bob.id, 9);
    insert(under_test, &his).await?;
    assert_eq!(page(under_test, ada.id, None, 10).await?, hers);
    assert_eq!(page(under_test, ada.id, None, 2).await?, hers[..2]);
    assert_eq!(
        page(under_test, ada.id, Some(hers[1].id), 2).await?,
        hers[2..]
    );
    assert_eq!(page(under_test, bob.id, None, 10).await?, [his]);
    Ok(())
}

pub async fn a_key_is_found_with_how_it_stands_until_its_owner_deletes_it(
    under_test: &StoreUnderTest,
) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    let bob = under_test.add_user(user("bob")).await?;
    let (hers, his) = (key(ada.id, 1), key(bob.id, 2));
    insert(under_test, &hers).await?;
    insert(under_test, &his).await?;
    let stands = Some((hers.clone(), Standing::Stands));
    assert_eq!(find(under_test, hers.id).await?, stands);
    assert_eq!(find(under_test, fresh()).await?, None);
    assert!(!delete(under_test, bob.id, hers.id).await?);

    let suspended = User {
        suspended_at: Some(moment(6)),
        ..bob
    };
    let mut work = under_test.store.begin().await?;
    work.users().update(&suspended).await?;
    work.commit().await?;
    let kept_out = Some((his.clone(), Standing::Suspended));
    assert_eq!(find(under_test, his.id).await?, kept_out);
    let mut work = under_test.store.snapshot().await?;
    let asked = [hers.id, his.id, fresh()];
    let mut standings = work.api_keys().standings(&asked).await?;
    work.commit().await?;
    standings.sort_by_key(|(id, _)| *id != hers.id);
    assert_eq!(
        standings,
        [(hers.id, Standing::Stands), (his.id, Standing::Suspended)]
    );

    assert!(delete(under_test, ada.id, hers.id).await?);
    assert!(!delete(under_test, ada.id, hers.id).await?);
    assert_eq!(find(under_test, hers.id).await?, None);
    Ok(())
}

fn key(user_id: UserId, secret: u8) -> ApiKey {
    ApiKey {
        id: fresh(),
        user_id,
        name: "my bot".to_owned().try_into().expect("it is a name"),
        secret: TokenHash([secret; 32]),
        scopes: [Scope::Read, Scope::Write].into_iter().collect(),
        created_at: moment(3),
    }
}

async fn insert(under_test: &StoreUnderTest, key: &ApiKey) -> Promise {
    let mut work = under_test.store.begin().await?;
    work.api_keys().insert(key).await?;
    work.commit().await
}

async fn page(
    under_test: &StoreUnderTest,
    user: UserId,
    before: Option<ApiKeyId>,
    limit: u32,
) -> Result<Vec<ApiKey>, StoreError> {
    let mut work = under_test.store.snapshot().await?;
    let keys = work.api_keys().page(user, before, limit).await?;
    work.commit().await?;
    Ok(keys)
}

async fn find(
    under_test: &StoreUnderTest,
    id: ApiKeyId,
) -> Result<Option<(ApiKey, Standing)>, StoreError> {
    let mut work = under_test.store.snapshot().await?;
    let found = work.api_keys().find(id).await?;
    work.commit().await?;
    Ok(found)
}

async fn delete(
    under_test: &StoreUnderTest,
    user: UserId,
    id: ApiKeyId,
) -> Result<bool, StoreError> {
    let mut work = under_test.store.begin().await?;
    let deleted = work.api_keys().delete(user, id).await?;
    work.commit().await?;
    Ok(deleted)
}
