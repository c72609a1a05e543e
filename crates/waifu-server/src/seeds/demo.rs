//! A demo user with a month of history: lived through the use cases, by the real rules, under a clock of its own.

use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, bail};
use time::Duration;
use waifu_app::caller::Caller;
use waifu_app::ports::clock::Clock;
use waifu_app::use_cases::page::PageLimit;
use waifu_app::use_cases::{OutgoingMessage, Preview};
use waifu_domain::ids::{EntryId, WaifuId};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::MessageText;

use super::progress;
use crate::app::App;
use crate::say;

const DAYS: i64 = 30;

/// Shows the time that the demo has come to.
#[derive(Debug)]
pub struct DemoClock(AtomicI64);

impl DemoClock {
    pub fn at(moment: Timestamp) -> Self {
        Self(AtomicI64::new(moment.unix_micros()))
    }

    fn set(&self, moment: Timestamp) {
        self.0.store(moment.unix_micros(), Ordering::SeqCst);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::SeqCst))
    }
}

enum Deed {
    Say(&'static str),
    /// Whatever earns most just now.
    BestGift,
    BestDate,
}

/// What happens on which day, and how many minutes after 19:00.
const MONTH: &[(i64, i64, Deed)] = &[
    (
        0,
        0,
        Deed::Say("Hello! I'm new here. What is that you are doing?"),
    ),
    (0, 4, Deed::Say("That sounds lovely. I'm glad I came by.")),
    (1, 0, Deed::Say("Good evening. How was your day?")),
    (
        1,
        6,
        Deed::Say("Thank you for telling me, I really enjoy listening to you."),
    ),
    (2, 0, Deed::Say("I had a long day at work.")),
    (
        3,
        10,
        Deed::Say("You were on my mind today, in a good way."),
    ),
    (3, 14, Deed::BestGift),
    (
        4,
        0,
        Deed::Say("Tell me about the best evening you ever had."),
    ),
    (5, 30, Deed::BestDate),
    (
        5,
        120,
        Deed::Say("That was wonderful. Thank you for tonight."),
    ),
    (7, 0, Deed::Say("I missed you yesterday.")),
    (8, 0, Deed::Say("What are you reading these days?")),
    (9, 0, Deed::Say("I love how you talk about small things.")),
    (10, 20, Deed::BestDate),
    (
        11,
        0,
        Deed::Say("Leave me alone, I don't want to talk to you."),
    ),
    (
        12,
        0,
        Deed::Say("I'm sorry about yesterday. You did not deserve that."),
    ),
    (12, 5, Deed::BestGift),
    (
        13,
        0,
        Deed::Say("Thank you for being patient with me. You're very dear to me."),
    ),
    (15, 0, Deed::Say("It rained all day here.")),
    (16, 40, Deed::BestDate),
    (17, 0, Deed::Say("You make even a Tuesday beautiful.")),
    (
        19,
        0,
        Deed::Say("I finished the thing I was so worried about!"),
    ),
    (20, 8, Deed::BestGift),
    (21, 0, Deed::Say("I'm proud to know you.")),
    (22, 15, Deed::BestDate),
    (
        24,
        0,
        Deed::Say("What would you do with a whole free week?"),
    ),
    (25, 0, Deed::Say("I would spend it with you, gladly.")),
    (27, 6, Deed::BestGift),
    (
        28,
        0,
        Deed::Say("A month ago I didn't know you. Imagine that."),
    ),
    (29, 0, Deed::Say("Sleep well. I adore you.")),
];

/// Adds the month, unless the demo user has met her already. `app` was built over `clock`.
pub async fn live(app: &App, clock: &DemoClock, now: Timestamp) -> anyhow::Result<()> {
    let midnight = now.unix_micros().div_euclid(MICROS_A_DAY) * MICROS_A_DAY;
    let start = Timestamp::from_unix_micros(midnight).minus(Duration::days(DAYS));
    clock.set(start);
    let demo = app.demo_user.execute().await;
    let demo = demo.context("failed to make the demo user")?;
    let caller = demo.holder.into();
    let one = PageLimit::try_from(1).expect("1 is a limit");
    let page = app.list_waifus.execute(caller, None, one).await?;
    let Some(waifu) = page.items.first() else {
        bail!("there is no companion for the demo user to meet");
    };
    let life = Life {
        app,
        caller,
        waifu: waifu.id,
    };
    let met = app.read_relationship.execute(caller, waifu.id).await?;
    if met.stored.is_some() {
        let name = &waifu.profile.name;
        say::line(&format!("demo: the demo user has met {name} already"));
        return Ok(());
    }
    let bar = progress("demo", MONTH.len() as u64)?;
    for (day, minute, deed) in MONTH {
        let evening = Duration::days(*day) + Duration::hours(19) + Duration::minutes(*minute);
        clock.set(start.plus(evening));
        life.perform(deed).await?;
        clock.set(start.plus(evening + Duration::MINUTE));
        life.answer_events().await?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let relationship = app.read_relationship.execute(caller, waifu.id).await?;
    say::line(&format!(
        "demo: a month with {}: {} rows, affection {}, level {} ({})",
        waifu.profile.name,
        relationship.state.last_entry_no,
        relationship.state.affection.get(),
        relationship.state.level.get(),
        relationship.stage
    ));
    Ok(())
}

const MICROS_A_DAY: i64 = 86_400_000_000;

struct Life<'a> {
    app: &'a App,
    caller: Caller,
    waifu: WaifuId,
}

impl Life<'_> {
    async fn perform(&self, deed: &Deed) -> anyhow::Result<()> {
        match deed {
            Deed::Say(text) => self.say(text).await,
            Deed::BestGift => {
                let all = PageLimit::MOST;
                let offers = &self.app.list_offers;
                let gifts = offers.gifts(self.caller, self.waifu, None, all).await?;
                let gifts = gifts.items.into_iter();
                if let Some(gift) = best(gifts.map(|offer| (offer.id, offer.preview.ok()))) {
                    let acts = &self.app.acts;
                    acts.give_gift(self.caller, self.waifu, gift, None).await?;
                }
                Ok(())
            }
            Deed::BestDate => {
                let all = PageLimit::MOST;
                let offers = &self.app.list_offers;
                let dates = offers.dates(self.caller, self.waifu, None, all).await?;
                let dates = dates.items.into_iter();
                if let Some(date) = best(dates.map(|offer| (offer.id, offer.preview.ok()))) {
                    let acts = &self.app.acts;
                    acts.go_on_date(self.caller, self.waifu, date, None).await?;
                }
                Ok(())
            }
        }
    }

    async fn say(&self, text: &str) -> anyhow::Result<()> {
        let message = OutgoingMessage {
            waifu_id: self.waifu,
            conversation_id: None,
            client_message_id: self.app.ids.new_id().into(),
            text: MessageText::try_from(text.to_owned())?,
        };
        self.app.send_message.execute(self.caller, message).await?;
        Ok(())
    }

    /// The first choice of each event that waits.
    async fn answer_events(&self) -> anyhow::Result<()> {
        let view = self
            .app
            .read_relationship
            .execute(self.caller, self.waifu)
            .await?;
        let catalogue = self.app.catalogues.current().await;
        for occurrence in view.pending_events {
            let event = catalogue.events().get(&occurrence.event);
            let Some(choice) = event.and_then(|event| event.choices.first()) else {
                continue;
            };
            self.app
                .acts
                .take_choice(
                    self.caller,
                    self.waifu,
                    occurrence.id,
                    choice.key.clone(),
                    None,
                )
                .await?;
        }
        Ok(())
    }
}

fn best(offers: impl Iterator<Item = (EntryId, Option<Preview>)>) -> Option<EntryId> {
    let earns = offers.filter_map(|(id, preview)| Some((preview?.affection_change, id)));
    earns.max().map(|(_, id)| id)
}
