//! Sign-ins: found by the current and by the previous token, and locked while they rotate.

use std::time::Duration;

use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{Session, StoreError, TokenMatch};

use super::{Promise, StoreUnderTest};
use crate::builders::{moment, session, user};

pub async fn a_session_is_found_by_its_current_and_its_previous_token(
    under_test: &StoreUnderTest,
) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    let mut written = session(ada.id, 1);
    insert(under_test, &written).await?;
    insert(under_test, &session(ada.id, 9)).await?;
    let found = lock(under_test, 1).await?;
    assert_eq!(found, Some((written, TokenMatch::Current)));

    for next in [2, 3] {
        written.previous_token = Some(written.token);
        written.token = TokenHash([next; 32]);
        update(under_test, &written).await?;
    }
    let found = lock(under_test, 3).await?;
    assert_eq!(found, Some((written, TokenMatch::Current)));
    let found = lock(under_test, 2).await?;
    assert_eq!(found, Some((written, TokenMatch::Previous)));
    assert_eq!(lock(under_test, 1).await?, None);
    Ok(())
}

pub async fn a_session_keeps_all_that_may_change(under_test: &StoreUnderTest) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    let mut written = session(ada.id, 1);
    insert(under_test, &written).await?;
    written = Session {
        token: TokenHash([2; 32]),
        previous_token: Some(TokenHash([1; 32])),
        rotated_at: moment(10),
        expires_at: moment(20),
        revoked_at: Some(moment(15)),
        ..written
    };
    update(under_test, &written).await?;
    let found = lock(under_test, 2).await?;
    assert_eq!(found, Some((written, TokenMatch::Current)));
    Ok(())
}

pub async fn a_locked_session_makes_the_next_one_wait(under_test: &StoreUnderTest) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    let mut written = session(ada.id, 1);
    insert(under_test, &written).await?;

    let mut first = under_test.store.begin().await?;
    let locked = first.sessions().lock_by_token(written.token).await?;
    assert!(locked.is_some());
    let store = under_test.store.clone();
    let second = tokio::spawn(async move {
        let mut work = store.begin().await?;
        let found = work.sessions().lock_by_token(TokenHash([1; 32])).await?;
        work.commit().await?;
        Ok::<_, StoreError>(found)
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!second.is_finished());

    written.previous_token = Some(written.token);
    written.token = TokenHash([2; 32]);
    first.sessions().update(&written).await?;
    first.commit().await?;
    let found = second.await.expect("the other task is well")?;
    assert_eq!(found, Some((written, TokenMatch::Previous)));
    Ok(())
}

async fn insert(under_test: &StoreUnderTest, session: &Session) -> Promise {
    let mut work = under_test.store.begin().await?;
    work.sessions().insert(*session).await?;
    work.commit().await
}

async fn update(under_test: &StoreUnderTest, session: &Session) -> Promise {
    let mut work = under_test.store.begin().await?;
    work.sessions().update(session).await?;
    work.commit().await
}

async fn lock(
    under_test: &StoreUnderTest,
    token: u8,
) -> Result<Option<(Session, TokenMatch)>, StoreError> {
    let mut work = under_test.store.begin().await?;
    let found = work
        .sessions()
        .lock_by_token(TokenHash([token; 32]))
        .await?;
    work.commit().await?;
    Ok(found)
}
