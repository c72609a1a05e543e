//! Sign-ins: found by the current and by the previous token, and locked while they rotate.

use std::sync::Arc;
use std::time::Duration;

use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{Receipt, ReceiptKey, Session, Standing, StoreError, Whose, Written};
use waifu_app::use_cases::ForgetEnded;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::User;

use super::{Promise, StoreUnderTest};
use crate::builders::{fresh, moment, session, user, waifu};
use crate::fakes::SetClock;

pub async fn a_session_is_found_by_its_current_and_its_previous_token(
    under_test: &StoreUnderTest,
) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    let mut written = session(ada.id, 1);
    insert(under_test, &written).await?;
    insert(under_test, &session(ada.id, 9)).await?;
    let found = lock(under_test, 1).await?;
    assert_eq!(found, Some(written));

    for next in [2, 3] {
        written.previous_token = Some(written.token);
        written.token = TokenHash([next; 32]);
        update(under_test, &written).await?;
    }
    let found = lock(under_test, 3).await?;
    assert_eq!(found, Some(written));
    let found = lock(under_test, 2).await?;
    assert_eq!(found, Some(written));
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
        family: Some(TokenHash([7; 32])),
        ..written
    };
    update(under_test, &written).await?;
    let found = lock(under_test, 2).await?;
    assert_eq!(found, Some(written));
    Ok(())
}

pub async fn a_locked_session_makes_the_next_one_wait(under_test: &StoreUnderTest) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    let mut written = session(ada.id, 1);
    insert(under_test, &written).await?;

    let mut first = under_test.store.begin().await?;
    let locked = first.sessions().lock_by_token(written.token, None).await?;
    assert!(locked.is_some());
    let store = under_test.store.clone();
    let second = tokio::spawn(async move {
        let mut work = store.begin().await?;
        let found = work
            .sessions()
            .lock_by_token(TokenHash([1; 32]), None)
            .await?;
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
    assert_eq!(found, Some(written));
    Ok(())
}

pub async fn a_session_is_found_by_its_family_whatever_the_token(
    under_test: &StoreUnderTest,
) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    let family = TokenHash([7; 32]);
    let written = Session {
        family: Some(family),
        ..session(ada.id, 1)
    };
    insert(under_test, &written).await?;
    insert(under_test, &session(ada.id, 2)).await?;
    let mut work = under_test.store.begin().await?;
    let mut sessions = work.sessions();
    let old = TokenHash([9; 32]);
    let found = sessions.lock_by_token(old, Some(family)).await?;
    assert_eq!(found, Some(written));
    assert_eq!(sessions.lock_by_token(old, None).await?, None);
    let stranger = Some(TokenHash([8; 32]));
    assert_eq!(sessions.lock_by_token(old, stranger).await?, None);
    drop(sessions);
    work.commit().await
}

pub async fn sessions_that_are_revoked_are_told_from_those_that_stand(
    under_test: &StoreUnderTest,
) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    let bob = under_test.add_user(user("bob")).await?;
    let [one, two, three] = [1, 2, 3].map(|token| session(ada.id, token));
    let his = session(bob.id, 4);
    for session in [&one, &two, &three, &his] {
        insert(under_test, session).await?;
    }
    let stand = [Standing::Stands; 4];
    assert_eq!(
        standings(under_test, [&one, &two, &three, &his]).await?,
        stand
    );

    let at = moment(5);
    let someone_elses = Whose::One(bob.id, one.id);
    assert_eq!(revoke(under_test, someone_elses, at).await?, 0);
    assert_eq!(revoke(under_test, Whose::One(ada.id, one.id), at).await?, 1);
    assert_eq!(revoke(under_test, Whose::One(ada.id, one.id), at).await?, 0);
    assert_eq!(
        revoke(under_test, Whose::AllBut(ada.id, two.id), at).await?,
        1
    );
    let (gone, stands) = (Standing::Revoked, Standing::Stands);
    assert_eq!(
        standings(under_test, [&one, &two, &three, &his]).await?,
        [gone, stands, gone, stands]
    );
    assert_eq!(
        lock(under_test, 1).await?.and_then(|one| one.revoked_at),
        Some(at)
    );
    assert_eq!(revoke(under_test, Whose::All(ada.id), at).await?, 1);

    let mut work = under_test.store.begin().await?;
    let suspended = User {
        suspended_at: Some(moment(6)),
        ..bob
    };
    work.users().update(&suspended).await?;
    work.commit().await?;
    assert_eq!(
        standings(under_test, [&one, &two, &three, &his]).await?,
        [gone, gone, gone, Standing::Suspended]
    );
    Ok(())
}

/// In this order, whatever the store's; one that is not stored is missed.
async fn standings(
    under_test: &StoreUnderTest,
    sessions: [&Session; 4],
) -> Result<Vec<Standing>, StoreError> {
    let mut ids = sessions.map(|session| session.id).to_vec();
    ids.push(fresh());
    let mut work = under_test.store.snapshot().await?;
    let found = work.sessions().standings(&ids).await?;
    work.commit().await?;
    assert_eq!(found.len(), sessions.len());
    let standing = |session: &Session| {
        let of_it = found.iter().find(|(id, _)| *id == session.id);
        of_it.expect("it is stored").1
    };
    Ok(sessions.into_iter().map(standing).collect())
}

async fn revoke(
    under_test: &StoreUnderTest,
    whose: Whose,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let mut work = under_test.store.begin().await?;
    let revoked = work.sessions().revoke(whose, at).await?;
    work.commit().await?;
    Ok(revoked)
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

async fn lock(under_test: &StoreUnderTest, token: u8) -> Result<Option<Session>, StoreError> {
    let mut work = under_test.store.begin().await?;
    let found = work
        .sessions()
        .lock_by_token(TokenHash([token; 32]), None)
        .await?;
    work.commit().await?;
    Ok(found)
}

pub async fn sessions_that_have_expired_are_forgotten_and_others_kept(
    under_test: &StoreUnderTest,
) -> Promise {
    let ada = under_test.add_user(user("ada")).await?;
    for (token, second) in [(1, 10), (2, 11), (3, 20)] {
        let session = Session {
            expires_at: moment(second),
            ..session(ada.id, token)
        };
        insert(under_test, &session).await?;
    }
    let forget = async |before, limit| {
        let mut work = under_test.store.begin().await?;
        let forgotten = work.sessions().forget_expired(before, limit).await?;
        work.commit().await?;
        Ok::<_, StoreError>(forgotten)
    };
    assert_eq!(forget(moment(20), 1).await?, 1);
    assert_eq!(forget(moment(20), 5).await?, 1);
    assert_eq!(forget(moment(20), 5).await?, 0);
    assert_eq!(lock(under_test, 1).await?, None);
    assert_eq!(lock(under_test, 2).await?, None);
    assert!(lock(under_test, 3).await?.is_some());
    Ok(())
}

pub async fn whatever_has_ended_is_kept_for_a_day(under_test: &StoreUnderTest) -> Promise {
    const DAY: time::Duration = time::Duration::DAY;
    let ada = under_test.add_user(user("ada")).await?;
    let her = under_test.add_waifu(waifu()).await?;
    let clock = Arc::new(SetClock::at(moment(10).plus(DAY)));
    let session = Session {
        expires_at: moment(10),
        ..session(ada.id, 1)
    };
    insert(under_test, &session).await?;
    let key = ReceiptKey {
        user_id: ada.id,
        scope: "companion".to_owned(),
        key: "monday".to_owned(),
    };
    let receipt = Receipt {
        request: [7; 32],
        of: Written::Waifu(her.id),
        at: moment(0),
        expires_at: Some(moment(10)),
    };
    let mut work = under_test.store.begin().await?;
    assert_eq!(work.receipts().insert(&key, receipt).await?, Ok(()));
    work.commit().await?;
    let forget = ForgetEnded {
        store: Arc::clone(&under_test.store),
        clock: clock.clone(),
    };
    let is_there = async || {
        let session = lock(under_test, 1).await?;
        let mut look = under_test.store.snapshot().await?;
        let receipt = look.receipts().find(&key, moment(0)).await?;
        Ok::<_, StoreError>((session.is_some(), receipt.is_some()))
    };
    forget.execute().await?;
    assert_eq!(is_there().await?, (true, true));
    clock.advance(time::Duration::MICROSECOND);
    forget.execute().await?;
    assert_eq!(is_there().await?, (false, false));
    Ok(())
}
