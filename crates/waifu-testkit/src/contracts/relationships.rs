//! Relationships and their ledgers, moved by acts at a known head.

use waifu_app::ports::store::Appended;
use waifu_app::ports::turn_store::DurableEvent;
use waifu_domain::affection::RuleBookHash;
use waifu_domain::relationship::{
    Cause, Fact, Interaction, InteractionKind, Reason, Relationship, Rule,
};

use super::rows::{append_of, event_row, presences};
use super::scenario::correct;
use super::{Promise, StoreUnderTest};
use crate::builders::{adjustment, fresh, moment, since, slug, unmoved};

const ONE_DAY: i64 = 86_400;

pub async fn strangers_have_no_relationship(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let mut work = under_test.store.begin().await?;
    assert_eq!(work.relationships().find(scenario.pair).await?, None);
    assert_eq!(work.relationships().lock(scenario.pair).await?, None);
    work.rollback().await?;

    under_test.play(scenario.turn("hello"), "hi").await?;
    let mut work = under_test.store.begin().await?;
    let found = work.relationships().find(scenario.pair).await?;
    assert!(found.is_some());
    assert_eq!(work.relationships().lock(scenario.pair).await?, found);
    work.rollback().await
}

pub async fn an_append_moves_the_relationship(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let state = under_test.state(&before, since(moment(-ONE_DAY))).await?;
    let append = adjustment(&before, &state, 40, moment(1));
    under_test.append(append.clone()).await?;

    let after = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(after.head, append.head_after());
    assert_eq!(after.affection.get(), before.affection.get() + 40);
    assert!(after.level > before.level);
    // An operator's correction is nobody's presence.
    assert_eq!(after.last_interaction, before.last_interaction);
    Ok(())
}

pub async fn a_stale_append_writes_nothing(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let state = under_test.state(&before, since(moment(-ONE_DAY))).await?;
    under_test
        .append(adjustment(&before, &state, 5, moment(1)))
        .await?;
    let after = under_test.relationship(scenario.pair).await?;

    let late = adjustment(&before, &state, 6, moment(2));
    let mut work = under_test.store.begin().await?;
    let appended = work.relationships().append(late).await?;
    assert_eq!(appended, Appended::Stale);
    // The unit of work is as good as before.
    correct(&mut *work, scenario.pair, 7).await?;
    work.commit().await?;
    let relationship = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(relationship.affection.get(), after.affection.get() + 7);
    Ok(())
}

pub async fn an_append_without_a_move_keeps_the_version(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let mut append = unmoved(&before, moment(1));
    append.events.push(DurableEvent::EventOpened {
        occurrence_id: fresh(),
    });
    under_test.append(append).await?;
    let mut expected = before;
    expected.head.seq += 1;
    let after = under_test.relationship(scenario.pair).await?;
    assert_eq!(after, expected);
    Ok(())
}

pub async fn facts_survive(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let facts = [
        Fact::Passed(slug("confession")),
        Fact::Unlocked(slug("her-garden")),
        Fact::Unlocked(slug("confession")),
    ];
    let mut row = event_row(&before, before.head.entry_no + 1, moment(1));
    row.facts = facts.to_vec();
    append_rows(under_test, &before, vec![row]).await?;
    let after = under_test.relationship(scenario.pair).await?;
    assert_eq!(after.facts, facts.clone().into());
    let state = under_test.state(&after, since(moment(0))).await?;
    assert_eq!(state.facts, facts.into());
    Ok(())
}

pub async fn a_ledger_is_listed_newest_first_in_pages(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    for n in 0..5 {
        let turn = scenario.turn_at("hello", moment(n));
        under_test.play(turn, "hi").await?;
    }
    let id = under_test.relationship(scenario.pair).await?.id;
    let whole = under_test.ledger(id).await?;
    let nos: Vec<_> = whole.iter().map(|row| row.interaction.place.no).collect();
    assert_eq!(nos, [5, 4, 3, 2, 1]);

    let mut look = under_test.store.snapshot().await?;
    for limit in [1, 2, 5] {
        let (mut paged, mut before) = (Vec::new(), None);
        loop {
            let page = look.relationships().ledger(id, before, limit).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.interaction.place.no);
            paged.extend(page);
        }
        assert_eq!(paged, whole, "in pages of {limit}");
    }
    assert_eq!(look.relationships().ledger(fresh(), None, 5).await?, []);
    Ok(())
}

pub async fn a_chat_row_quotes_what_was_said(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let state = under_test.state(&before, since(moment(-ONE_DAY))).await?;
    under_test
        .append(adjustment(&before, &state, 5, moment(1)))
        .await?;
    under_test.play(scenario.turn("you are kind"), "oh").await?;
    let ledger = under_test.ledger(before.id).await?;
    let said: Vec<_> = ledger.iter().map(|row| row.said.as_deref()).collect();
    assert_eq!(said, [Some("you are kind"), None, Some("hello")]);
    Ok(())
}

pub async fn a_state_holds_the_window_and_the_newest_five(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    for day in 0..7 {
        let turn = scenario.turn_at("hello", moment(day * ONE_DAY));
        under_test.play(turn, "hi").await?;
        if day == 2 {
            // Row 4: nobody's presence, so no window wants it.
            let relationship = under_test.relationship(scenario.pair).await?;
            let at = moment(day * ONE_DAY + 1);
            let state = under_test.state(&relationship, since(at)).await?;
            let correction = adjustment(&relationship, &state, 5, at);
            under_test.append(correction).await?;
        }
    }
    let relationship = under_test.relationship(scenario.pair).await?;
    for (opens, expected) in [
        (moment(6 * ONE_DAY - 5), vec![3, 5, 6, 7, 8]),
        (moment(60 * ONE_DAY), vec![3, 5, 6, 7, 8]),
        // The window is open at its beginning: row 2 itself is outside.
        (moment(ONE_DAY), vec![3, 5, 6, 7, 8]),
        (moment(ONE_DAY - 1), vec![2, 3, 5, 6, 7, 8]),
    ] {
        let state = under_test.state(&relationship, since(opens)).await?;
        assert_eq!(presences(&state), expected, "since {opens}");
        assert_eq!(state.last_entry_at, Some(moment(6 * ONE_DAY)));
        assert_eq!(state.last_interaction, Some(moment(6 * ONE_DAY)));
        assert_eq!(state.affection, relationship.affection);
        assert_eq!(state.level, relationship.level);
    }
    Ok(())
}

pub async fn a_voided_row_stands_no_more_and_is_voided_once(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    under_test.play(scenario.turn("hello"), "hi").await?;
    under_test.play(scenario.turn("you again"), "hi").await?;
    let before = under_test.relationship(scenario.pair).await?;
    let reversal = |relationship: &Relationship| Interaction {
        kind: InteractionKind::Reversal,
        cause: Cause::Voided { no: 2 },
        ..event_row(relationship, relationship.head.entry_no + 1, moment(3))
    };
    append_rows(under_test, &before, vec![reversal(&before)]).await?;

    let after = under_test.relationship(scenario.pair).await?;
    for opens in [moment(-ONE_DAY), moment(ONE_DAY)] {
        let state = under_test.state(&after, since(opens)).await?;
        assert_eq!(presences(&state), [1]);
        assert_eq!(state.last_entry_at, Some(moment(3)));
    }
    // The ledger itself forgets nothing.
    assert_eq!(under_test.ledger(after.id).await?.len(), 3);

    let again = append_of(&after, vec![reversal(&after)]);
    under_test.assert_append_fails(again).await?;
    assert_eq!(under_test.relationship(scenario.pair).await?, after);
    Ok(())
}

pub async fn a_ledger_row_comes_back_whole(under_test: &StoreUnderTest) -> Promise {
    let (_, before) = under_test.met().await?;
    let causes = [
        (
            InteractionKind::Gift,
            Cause::Gift {
                gift: slug("green_tea"),
                for_birthday: true,
            },
        ),
        (
            InteractionKind::Date,
            Cause::Date {
                date: slug("cinema"),
            },
        ),
        (
            InteractionKind::Event,
            Cause::Occurrence {
                occurrence_id: fresh(),
                event: slug("confession"),
                choice: slug("yes"),
            },
        ),
        (InteractionKind::Decay, Cause::Absence),
        (
            InteractionKind::Adjustment,
            Cause::Operator {
                operator_id: Some(fresh()),
                reason: "\"ä\" \u{1f97a}\n".to_owned(),
            },
        ),
    ];
    let rows: Vec<_> = (before.head.entry_no + 1..)
        .zip(causes)
        .map(|(no, (kind, cause))| Interaction {
            kind,
            cause,
            requested_change: -3,
            affection_change: -2,
            facts: vec![Fact::Unlocked(slug("a-thing"))],
            reasons: vec![
                Reason {
                    rule: Rule::STAT_PATIENCE,
                    effect: -3,
                },
                Reason {
                    rule: Rule::CLAMP,
                    effect: 1,
                },
            ],
            ..event_row(&before, no, moment(no.into()))
        })
        .collect();
    append_rows(under_test, &before, rows.clone()).await?;
    let mut ledger: Vec<_> = under_test
        .ledger(before.id)
        .await?
        .into_iter()
        .map(|row| row.interaction)
        .collect();
    ledger.reverse();
    assert_eq!(ledger[1..], rows);
    Ok(())
}

pub async fn a_row_under_an_unknown_rule_book_is_refused(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let row = Interaction {
        rule_book: RuleBookHash::from_bytes([7; 32]),
        ..event_row(&before, before.head.entry_no + 1, moment(1))
    };
    let refused = append_of(&before, vec![row]);
    under_test.assert_append_fails(refused).await?;
    assert_eq!(under_test.relationship(scenario.pair).await?, before);
    Ok(())
}

async fn append_rows(
    under_test: &StoreUnderTest,
    relationship: &Relationship,
    rows: Vec<Interaction>,
) -> Promise {
    under_test.append(append_of(relationship, rows)).await
}
