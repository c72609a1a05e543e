//! Where relationships stand, for those who watch them from another process.

use std::sync::Arc;

use time::Duration;
use waifu_app::ports::store::StoreError;
use waifu_app::ports::turn_store::{Heartbeat, Settled, Standing, StreamingRun, Whereabouts};
use waifu_domain::ids::ProcessId;
use waifu_domain::relationship::Pair;

use super::{Promise, StoreUnderTest};
use crate::builders::{
    another_run, cancellation, fresh, moment, reaction, settlement, user, waifu,
};

pub async fn strangers_are_left_out(under_test: &StoreUnderTest) -> Promise {
    let ada = under_test.scenario("ada").await?;
    let mut bob = under_test.scenario("bob").await?;
    let her = under_test.add_waifu(waifu()).await?;
    bob.pair.waifu_id = her.id;
    under_test.play(ada.turn("hello"), "hi").await?;
    under_test.play(bob.turn("hello"), "hi").await?;
    assert_eq!(under_test.turns.whereabouts(&[]).await?, []);
    // Each has met somebody, and neither the other's companion.
    let crossed = [
        Pair {
            waifu_id: bob.pair.waifu_id,
            ..ada.pair
        },
        Pair {
            waifu_id: ada.pair.waifu_id,
            ..bob.pair
        },
        Pair {
            user_id: fresh(),
            waifu_id: fresh(),
        },
    ];
    assert_eq!(under_test.turns.whereabouts(&crossed).await?, []);
    let [first, second, third] = crossed;
    let asked = [first, ada.pair, second, bob.pair, third];
    let mut found = under_test.turns.whereabouts(&asked).await?;
    let mut expected = Vec::new();
    for pair in [ada.pair, bob.pair] {
        expected.push(quiet(pair, under_test).await?);
    }
    let by_user = |one: &Whereabouts| one.pair.user_id;
    found.sort_by_key(by_user);
    expected.sort_by_key(by_user);
    assert_eq!(found, expected);
    Ok(())
}

pub async fn a_thousand_pairs_are_asked_for_at_once(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let stranger = |_| Pair {
        user_id: fresh(),
        waifu_id: scenario.waifu.id,
    };
    let mut asked: Vec<_> = (0..997).map(stranger).collect();
    let mut expected = Vec::new();
    for n in 0..3 {
        let user = under_test.add_user(user(&format!("user_{n}"))).await?;
        let mut another = scenario.clone();
        another.pair.user_id = user.id;
        under_test.play(another.turn("hello"), "hi").await?;
        expected.push(quiet(another.pair, under_test).await?);
        asked.insert(n * 400, another.pair);
    }
    let mut found = under_test.turns.whereabouts(&asked).await?;
    let by_user = |one: &Whereabouts| one.pair.user_id;
    found.sort_by_key(by_user);
    expected.sort_by_key(by_user);
    assert_eq!(found, expected);
    Ok(())
}

pub async fn the_number_is_that_of_the_newest_event(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let met = under_test.meet(scenario.pair, moment(0)).await?;
    assert_eq!(found(under_test, scenario.pair).await?.seq, 0);
    let opening = under_test.accept_new(scenario.turn("hello")).await?;
    assert_eq!(found(under_test, scenario.pair).await?.seq, 2);
    let settlement = settlement(&opening.standing, scenario.process, "hi", moment(1));
    let expected = settlement.append.head_after().seq;
    under_test.turns.settle(settlement).await?;
    let mut look = under_test.store.snapshot().await?;
    let log = look.event_log().after(met.id, 0, 100).await?;
    assert_eq!(log.last().map(|logged| logged.seq), Some(expected));
    assert_eq!(found(under_test, scenario.pair).await?.seq, expected);
    Ok(())
}

pub async fn a_run_that_streams_is_there_with_its_words(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let opening = under_test.accept_new(scenario.turn("hello")).await?;
    let standing = opening.standing;
    for words in ["", "Once", "Once upon a time"] {
        if !words.is_empty() {
            beat(under_test, &standing, scenario.process, words).await?;
        }
        let expected = Whereabouts {
            pair: scenario.pair,
            seq: 2,
            streaming: Some(StreamingRun {
                turn_id: standing.turn.turn_id,
                run: 1,
                process: scenario.process,
                words: words.to_owned(),
            }),
        };
        assert_eq!(found(under_test, scenario.pair).await?, expected);
    }
    let end = settlement(&standing, scenario.process, "The end.", moment(1));
    assert_eq!(under_test.turns.settle(end).await?, Settled::Done);
    let ended = found(under_test, scenario.pair).await?;
    assert_eq!(ended, quiet(scenario.pair, under_test).await?);
    Ok(())
}

pub async fn runs_of_every_kind_are_there(under_test: &StoreUnderTest) -> Promise {
    let (scenario, met) = under_test.met().await?;
    let gift = reaction(&met, fresh(), moment(1));
    let process = gift.process;
    let turn = under_test.start(gift).await?;
    let standing = under_test.standing(turn.turn_id).await?;
    let expected = |run, process, words: &str| StreamingRun {
        turn_id: turn.turn_id,
        run,
        process,
        words: words.to_owned(),
    };
    let streaming = found(under_test, scenario.pair).await?.streaming;
    assert_eq!(streaming, Some(expected(1, process, "")));
    beat(under_test, &standing, process, "For me?").await?;
    let cancelled = cancellation(&standing, "For me?", moment(2));
    assert_eq!(under_test.turns.settle(cancelled).await?, Settled::Done);
    assert_eq!(found(under_test, scenario.pair).await?.streaming, None);

    // Another run, of another process, and the first one's words are not its.
    let process = fresh();
    let again = another_run(&standing, process, moment(3));
    under_test.start_again(again).await?;
    let streaming = found(under_test, scenario.pair).await?.streaming;
    assert_eq!(streaming, Some(expected(2, process, "")));
    let standing = under_test.standing(turn.turn_id).await?;
    beat(under_test, &standing, process, "Oh").await?;
    let streaming = found(under_test, scenario.pair).await?.streaming;
    assert_eq!(streaming, Some(expected(2, process, "Oh")));
    Ok(())
}

async fn beat(
    under_test: &StoreUnderTest,
    standing: &Standing,
    process: ProcessId,
    words: &str,
) -> Promise {
    let beat = Heartbeat {
        turn_id: standing.turn.turn_id,
        run: standing.turn.run,
        words: Arc::from(words),
    };
    let lost = under_test
        .turns
        .beat(process, Duration::minutes(1), vec![beat])
        .await?;
    assert_eq!(lost, []);
    Ok(())
}

/// Where this one pair stands.
async fn found(under_test: &StoreUnderTest, pair: Pair) -> Result<Whereabouts, StoreError> {
    let found = under_test.turns.whereabouts(&[pair]).await?;
    let [found] = &found[..] else {
        panic!("expected one, found {found:?}");
    };
    Ok(found.clone())
}

/// Where a pair stands of which no run streams.
async fn quiet(pair: Pair, under_test: &StoreUnderTest) -> Result<Whereabouts, StoreError> {
    Ok(Whereabouts {
        pair,
        seq: under_test.relationship(pair).await?.head.seq,
        streaming: None,
    })
}
