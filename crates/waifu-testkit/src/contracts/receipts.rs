//! Receipts: kept once, found until they expire, and gone with the unit of work that they were kept in.

use time::Duration;
use waifu_app::ports::store::{Receipt, ReceiptKey, StoreError, Taken, Written, WrittenAct};
use waifu_domain::timestamp::Timestamp;

use super::{Promise, StoreUnderTest};
use crate::builders::{moment, user, waifu};

const A_MICROSECOND: Duration = Duration::microseconds(1);

pub async fn a_receipt_comes_back_whole(under_test: &StoreUnderTest) -> Promise {
    let (key, receipt) = kept(under_test).await?;
    let Written::Act(act) = receipt.of else {
        panic!("it is of an act");
    };
    let hello = under_test.history(act.relationship_id).await?;
    let her = under_test.add_waifu(waifu()).await?;
    let answered = WrittenAct {
        after_no: 3,
        last_no: 5,
        turn_id: Some(hello[0].turn_id),
        ..act
    };
    let again = Written::Run {
        relationship_id: act.relationship_id,
        turn_id: hello[0].turn_id,
        run: 2,
    };
    for (name, of) in [
        ("\u{1f97a} 'quoted'", Written::Act(answered)),
        ("again", again),
        ("her", Written::Waifu(her.id)),
    ] {
        let written = Receipt {
            request: std::array::from_fn(|n| u8::try_from(n * 8).expect("at most 248")),
            of,
            expires_at: Some(moment(60)),
            ..receipt
        };
        let other = ReceiptKey {
            key: name.to_owned(),
            ..key.clone()
        };
        insert(under_test, &other, written).await?;
        assert_eq!(find(under_test, &other, moment(1)).await?, Some(written));
    }
    assert_eq!(find(under_test, &key, moment(1)).await?, Some(receipt));
    Ok(())
}

pub async fn a_receipt_is_found_until_it_expires(under_test: &StoreUnderTest) -> Promise {
    let (forever, receipt) = kept(under_test).await?;
    let key = ReceiptKey {
        key: "for a while".to_owned(),
        ..forever.clone()
    };
    let for_a_while = Receipt {
        expires_at: Some(moment(60)),
        ..receipt
    };
    insert(under_test, &key, for_a_while).await?;
    let last = moment(60).minus(A_MICROSECOND);
    assert_eq!(find(under_test, &key, last).await?, Some(for_a_while));
    assert_eq!(find(under_test, &key, moment(60)).await?, None);
    let end = Timestamp::from_unix_micros(i64::MAX);
    assert_eq!(find(under_test, &forever, end).await?, Some(receipt));
    Ok(())
}

pub async fn a_receipt_is_kept_once(under_test: &StoreUnderTest) -> Promise {
    let (key, receipt) = kept(under_test).await?;
    let second = Receipt {
        request: [9; 32],
        at: moment(1),
        ..receipt
    };
    let mut work = under_test.store.begin().await?;
    let inserted = work.receipts().insert(&key, second).await?;
    assert_eq!(inserted, Err(Taken));
    work.rollback().await?;
    assert_eq!(find(under_test, &key, moment(2)).await?, Some(receipt));
    Ok(())
}

pub async fn an_expired_receipt_is_replaced_and_others_of_that_user_go(
    under_test: &StoreUnderTest,
) -> Promise {
    let (forever, receipt) = kept(under_test).await?;
    let until = |second| Receipt {
        expires_at: Some(moment(second)),
        ..receipt
    };
    let named = |key: &str| ReceiptKey {
        key: key.to_owned(),
        ..forever.clone()
    };
    let another = ReceiptKey {
        user_id: under_test.add_user(user("bob")).await?.id,
        ..named("expired")
    };
    for (key, second) in [
        (&named("again"), 10),
        (&named("expired"), 20),
        (&named("living"), 21),
        (&another, 10),
    ] {
        insert(under_test, key, until(second)).await?;
    }
    let replacement = Receipt {
        request: [9; 32],
        at: moment(20),
        expires_at: Some(moment(90)),
        ..receipt
    };
    insert(under_test, &named("again"), replacement).await?;

    // To who looks from earlier on, what is gone is gone, and what has expired is there.
    let earlier = moment(1);
    for (key, expected) in [
        (named("again"), Some(replacement)),
        (named("expired"), None),
        (named("living"), Some(until(21))),
        (another, Some(until(10))),
        (forever.clone(), Some(receipt)),
    ] {
        let found = find(under_test, &key, earlier).await?;
        assert_eq!(found, expected, "of {key:?}");
    }
    Ok(())
}

pub async fn another_scope_user_or_key_is_another_receipt(under_test: &StoreUnderTest) -> Promise {
    let (key, receipt) = kept(under_test).await?;
    let bob = under_test.add_user(user("bob")).await?;
    let others = [
        ReceiptKey {
            user_id: bob.id,
            ..key.clone()
        },
        ReceiptKey {
            scope: "POST /dates".to_owned(),
            ..key.clone()
        },
        ReceiptKey {
            key: "another".to_owned(),
            ..key.clone()
        },
        ReceiptKey {
            key: String::new(),
            ..key.clone()
        },
    ];
    for (other, n) in others.iter().zip(1..) {
        assert_eq!(find(under_test, other, moment(0)).await?, None, "{other:?}");
        let receipt = Receipt {
            request: [n; 32],
            ..receipt
        };
        insert(under_test, other, receipt).await?;
        let found = find(under_test, other, moment(0)).await?;
        assert_eq!(found, Some(receipt), "{other:?}");
    }
    assert_eq!(find(under_test, &key, moment(0)).await?, Some(receipt));
    Ok(())
}

pub async fn a_rolled_back_unit_of_work_leaves_no_receipt(under_test: &StoreUnderTest) -> Promise {
    let (key, receipt) = kept(under_test).await?;
    let key = ReceiptKey {
        key: "never".to_owned(),
        ..key
    };
    let mut work = under_test.store.begin().await?;
    assert_eq!(work.receipts().insert(&key, receipt).await?, Ok(()));
    let found = work.receipts().find(&key, moment(0)).await?;
    assert_eq!(found, Some(receipt));
    work.rollback().await?;
    assert_eq!(find(under_test, &key, moment(0)).await?, None);
    insert(under_test, &key, receipt).await
}

pub async fn receipts_that_have_expired_are_forgotten_and_others_kept(
    under_test: &StoreUnderTest,
) -> Promise {
    let (forever, receipt) = kept(under_test).await?;
    let until = |second| ReceiptKey {
        key: format!("until {second}"),
        ..forever.clone()
    };
    for second in [10, 11, 20] {
        let receipt = Receipt {
            at: moment(0),
            expires_at: Some(moment(second)),
            ..receipt
        };
        insert(under_test, &until(second), receipt).await?;
    }
    let forget = async |before, limit| {
        let mut work = under_test.store.begin().await?;
        let forgotten = work.receipts().forget_expired(before, limit).await?;
        work.commit().await?;
        Ok::<_, StoreError>(forgotten)
    };
    assert_eq!(forget(moment(20), 1).await?, 1);
    assert_eq!(forget(moment(20), 5).await?, 1);
    assert_eq!(forget(moment(20), 5).await?, 0);
    for gone in [until(10), until(11)] {
        assert_eq!(find(under_test, &gone, moment(0)).await?, None, "{gone:?}");
    }
    for stays in [until(20), forever] {
        let found = find(under_test, &stays, moment(0)).await?;
        assert!(found.is_some(), "{stays:?}");
    }
    Ok(())
}

/// A receipt that never expires, under a key of the scenario's user.
async fn kept(under_test: &StoreUnderTest) -> Result<(ReceiptKey, Receipt), StoreError> {
    let (scenario, relationship) = under_test.met().await?;
    let key = ReceiptKey {
        user_id: scenario.user.id,
        scope: "POST /gifts".to_owned(),
        key: "a key of the client's".to_owned(),
    };
    let receipt = Receipt {
        request: [7; 32],
        of: Written::Act(WrittenAct {
            relationship_id: relationship.id,
            after_no: 0,
            last_no: 1,
            turn_id: None,
        }),
        at: moment(0),
        expires_at: None,
    };
    insert(under_test, &key, receipt).await?;
    Ok((key, receipt))
}

async fn insert(under_test: &StoreUnderTest, key: &ReceiptKey, receipt: Receipt) -> Promise {
    let mut work = under_test.store.begin().await?;
    assert_eq!(work.receipts().insert(key, receipt).await?, Ok(()));
    work.commit().await
}

async fn find(
    under_test: &StoreUnderTest,
    key: &ReceiptKey,
    now: Timestamp,
) -> Result<Option<Receipt>, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.receipts().find(key, now).await
}
