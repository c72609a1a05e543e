//! One reply: how she feels, an answer to what was said or done, something of her own, and sometimes a question back.

use waifu_domain::affection::Appraisal;
use waifu_domain::prompt::{Occasion, Scene};
use waifu_domain::relationship::{Mood, Stage};
use waifu_domain::slug::Slug;
use waifu_domain::turn::Speaker;
use waifu_domain::waifu::Personality;

use super::dice::Dice;
use super::meaning::{self, Meaning};
use super::occasion::{self, Reception};
use super::slots::Slots;
use super::voices::{self, Lines, Voice};
use super::words;

/// She doesn't say again what she said in so many of her last replies.
pub(super) const REMEMBERED: usize = 10;
/// So often she thinks of another way to say it, before she adds a question that is new for sure.
const TRIES: u64 = 32;
/// After so many answers to one turn they come again.
const RUNS: usize = 16;

pub(super) fn reply(scene: &Scene, appraisal: Appraisal, seed: u64) -> String {
    let her_last = scene
        .history
        .iter()
        .rev()
        .filter(|line| line.speaker == Speaker::Waifu)
        .take(REMEMBERED);
    let recent: Vec<String> = her_last.map(|line| normalized(&line.text)).collect();
    let is_new = |text: &String| !recent.contains(&normalized(text));
    let voice = voices::of(&scene.waifu);
    let meaning = meaning::of(&scene.occasion, appraisal);
    let compose = |attempt: u64| {
        let dice = dice(scene, seed.wrapping_add(attempt));
        Composer::new(scene, voice, &recent, dice).compose(meaning)
    };
    let with_a_question = |question: &&str| format!("{} {question}", compose(0));
    let questions = voice.questions.iter().map(with_a_question);
    // Each run takes the next of them, so that no answer to a turn is another run's.
    let run = usize::try_from(scene.run.saturating_sub(1)).unwrap_or(usize::MAX) % RUNS;
    let mut answers: Vec<String> = Vec::new();
    for text in (0..TRIES).map(compose).chain(questions).filter(is_new) {
        if !answers.contains(&text) {
            answers.push(text);
        }
        if answers.len() > run {
            break;
        }
    }
    let answer = run.checked_rem(answers.len());
    let answer = answer.expect("there are more questions than replies to remember");
    answers.swap_remove(answer)
}

/// Everything that she knows, but no ids: they differ from one database to the next.
fn dice(scene: &Scene, seed: u64) -> Dice {
    let turn = scene.turn_no.to_string();
    let level = scene.level.get().to_string();
    let known = [
        scene.waifu.name.as_str(),
        &scene.waifu.personality.archetype,
        scene.user.name.as_str(),
        &turn,
        &level,
        scene.mood.as_str(),
    ];
    let history = scene.history.iter().rev().take(2 * REMEMBERED);
    Dice::new(
        seed,
        known
            .into_iter()
            .chain(occasion::texts(&scene.occasion))
            .chain(history.map(|line| line.text.as_str())),
    )
}

fn normalized(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

struct Composer<'a> {
    scene: &'a Scene,
    voice: &'static Voice,
    recent: &'a [String],
    dice: Dice,
    phrases: Vec<&'a str>,
    slots: Slots<'a>,
    he_speaks_of_like: bool,
}

impl<'a> Composer<'a> {
    fn new(scene: &'a Scene, voice: &'static Voice, recent: &'a [String], mut dice: Dice) -> Self {
        let personality = &scene.waifu.personality;
        let said = words::small_words(occasion::subject(&scene.occasion));
        let is_said = |tag: &&str| {
            let mut parts = tag
                .split(['_', '-'])
                .filter(|part| !part.is_empty())
                .peekable();
            parts.peek().is_some() && parts.all(|part| said.contains(part))
        };
        let spoken_of = personality.likes.keys().map(Slug::as_str).find(is_said);
        let dislike = personality.dislikes.keys().map(Slug::as_str).find(is_said);
        let like = spoken_of.or_else(|| some_like(personality, &mut dice));
        let phrases = &personality.speech_style.phrases;
        let (thing, title) = match &scene.occasion {
            Occasion::Chat { .. } => (None, None),
            Occasion::Gift { name, .. } | Occasion::Date { name, .. } => {
                (words::inside_a_sentence(name), None)
            }
            Occasion::Event { title, .. } => (None, words::plain_phrase(title)),
        };
        Self {
            scene,
            voice,
            recent,
            phrases: phrases
                .iter()
                .filter_map(|text| words::plain_phrase(text))
                .collect(),
            slots: Slots {
                word: words::of_note(scene.occasion.said()),
                like: like.map(words::readable),
                dislike: dislike.map(words::readable),
                thing,
                title,
                name: words::plain_phrase(scene.user.name.as_str()).unwrap_or("you"),
                me: words::plain_phrase(scene.waifu.name.as_str()).unwrap_or("yours"),
            },
            he_speaks_of_like: spoken_of.is_some(),
            dice,
        }
    }

    fn compose(mut self, meaning: Meaning) -> String {
        let mut sentences = Vec::new();
        sentences.extend(self.opening(meaning));
        let body = self.body(meaning);
        sentences.push(self.line(body));
        let own = self.of_her_own(meaning);
        let leads_with_her_phrase = own.len() == 1 && self.dice.percent(50);
        if leads_with_her_phrase && own[0].is_phrase {
            let before_the_body = sentences.len() - 1;
            sentences.insert(before_the_body, own[0].text.clone());
        } else {
            sentences.extend(own.into_iter().map(|own| own.text));
        }
        sentences.extend(self.closing(meaning, sentences.len()));
        sentences.join(" ")
    }

    /// Hurt always shows; gladness often does.
    fn opening(&mut self, meaning: Meaning) -> Option<String> {
        let is_settled_by_the_body =
            matches!(meaning, Meaning::AskHowSheIs | Meaning::AskWhatSheIs);
        let stats = &self.scene.waifu.stats;
        let (lines, chance) = match self.scene.mood {
            Mood::Hurt => (self.voice.hurt, 100),
            Mood::Tender => (self.voice.tender, 80),
            Mood::Glad => (self.voice.glad, 55),
            Mood::Calm if stats.playfulness.get() >= 80 => (self.voice.glad, 15),
            Mood::Calm => return None,
        };
        let is_unkind = matches!(meaning, Meaning::Insult | Meaning::Snub | Meaning::Trouble);
        let is_no_joy = is_unkind || meaning.is_disliked_deed();
        if is_settled_by_the_body || (is_no_joy && self.scene.mood != Mood::Hurt) {
            return None;
        }
        self.dice.percent(chance).then(|| self.line(lines))
    }

    fn body(&mut self, meaning: Meaning) -> Lines {
        let voice = self.voice;
        if self.slots.dislike.is_some() && matches!(meaning, Meaning::Statement | Meaning::Question)
        {
            return voice.displeased;
        }
        let is_at_ease = self.scene.mood != Mood::Hurt;
        let talks = matches!(
            meaning,
            Meaning::Statement | Meaning::Question | Meaning::AskWhatSheLikes
        );
        if self.he_speaks_of_like && is_at_ease && talks {
            return voice.delighted;
        }
        match meaning {
            Meaning::Greeting => voice.greeting,
            Meaning::Farewell => voice.farewell,
            Meaning::Thanks => voice.thanked,
            Meaning::Apology => voice.forgiving,
            Meaning::Love if self.scene.stage() >= Stage::CloseFriend => voice.loved,
            Meaning::Love => voice.loved_early,
            Meaning::Insult => voice.insulted,
            Meaning::Snub => voice.snubbed,
            Meaning::Trouble => voice.comforting,
            Meaning::AskWhatSheIs => voice.honest,
            Meaning::AskHerName => voice.asked_her_name,
            Meaning::AskHowSheIs => match self.scene.mood {
                Mood::Hurt => voice.hurt,
                Mood::Calm => voice.calm,
                Mood::Glad => voice.glad,
                Mood::Tender => voice.tender,
            },
            Meaning::AskWhatSheLikes if self.slots.like.is_some() => voice.asked_her_likes,
            Meaning::AskWhatSheLikes | Meaning::Question => voice.asked,
            Meaning::Statement => voice.told,
            Meaning::Gift(Reception::Loved) if is_at_ease => voice.gift_loved,
            Meaning::Gift(Reception::Loved | Reception::Liked) => voice.gift_liked,
            Meaning::Gift(Reception::Neutral) => voice.gift_neutral,
            Meaning::Gift(Reception::Disliked) => voice.gift_disliked,
            Meaning::Date(Reception::Loved | Reception::Liked) => voice.date_liked,
            Meaning::Date(Reception::Neutral) => voice.date_neutral,
            Meaning::Date(Reception::Disliked) => voice.date_disliked,
            Meaning::Event => voice.event,
        }
    }

    /// A phrase of hers, something that she likes, or both: what makes her herself. The user's word when her author
    /// gave her neither.
    fn of_her_own(&mut self, meaning: Meaning) -> Vec<Own> {
        let voice = self.voice;
        let is_unkind = matches!(meaning, Meaning::Insult | Meaning::Snub);
        let is_hurt = is_unkind || self.scene.mood == Mood::Hurt;
        let is_fond = self.scene.mood == Mood::Tender
            || (self.scene.mood == Mood::Glad && self.scene.waifu.stats.warmth.get() >= 60)
            || matches!(meaning, Meaning::Love | Meaning::Gift(Reception::Loved));
        let likes = match (is_hurt, is_fond && !meaning.is_disliked_deed()) {
            (true, _) => voice.likes_when_hurt,
            (false, true) => voice.likes_when_fond,
            (false, false) => voice.likes,
        };
        let named_already = self.he_speaks_of_like || meaning == Meaning::AskWhatSheLikes;
        if meaning == Meaning::Trouble && self.slots.word.is_some() {
            // Whoever is low is not told of cake.
            return vec![Own {
                text: self.line(voice.heard),
                is_phrase: false,
            }];
        }
        // 0 to 34 the phrase alone, to 64 the like alone, from there on both.
        let thrown = self.dice.below(100);
        let has_like = self.slots.like.is_some();
        let has_phrase = !self.phrases.is_empty();
        let says_phrase = has_phrase && (!(35..65).contains(&thrown) || !has_like);
        let says_like = has_like && !named_already && (thrown >= 35 || !has_phrase);
        let mut own = Vec::new();
        if says_phrase {
            let phrase = self.phrases[self.dice.below(self.phrases.len())];
            own.push(Own {
                text: words::as_sentence(phrase),
                is_phrase: true,
            });
        }
        if says_like || (own.is_empty() && has_like) {
            own.push(Own {
                text: self.line(likes),
                is_phrase: false,
            });
        }
        if own.is_empty() {
            let word = self.slots.word.clone();
            let word = word.or_else(|| words::any(self.scene.occasion.said()));
            own.extend(word.map(|word| Own {
                text: format!("“{word}”…"),
                is_phrase: false,
            }));
        }
        own
    }

    /// The longer the reply is already, the less she adds.
    fn closing(&mut self, meaning: Meaning, sentences: usize) -> Option<String> {
        let voice = self.voice;
        let is_hurt =
            self.scene.mood == Mood::Hurt || matches!(meaning, Meaning::Insult | Meaning::Snub);
        let ends_by_itself = matches!(meaning, Meaning::Farewell | Meaning::Trouble);
        if is_hurt || ends_by_itself || sentences >= 4 {
            return None;
        }
        let curiosity = self.scene.waifu.stats.curiosity.get();
        if meaning != Meaning::AskWhatSheIs && self.dice.percent(10 + curiosity / 3) {
            return Some(self.line(match self.scene.occasion {
                Occasion::Chat { .. } => voice.questions,
                Occasion::Gift { .. } | Occasion::Date { .. } | Occasion::Event { .. } => {
                    voice.questions_at_deeds
                }
            }));
        }
        let by_stage = match self.scene.stage() {
            Stage::Stranger | Stage::Acquaintance => voice.far,
            Stage::Friend | Stage::CloseFriend => return None,
            Stage::Romantic | Stage::Soulmate => voice.near,
        };
        self.dice.percent(25).then(|| self.line(by_stage))
    }

    /// A line that can be filled, and rather one that she hasn't used of late.
    fn line(&mut self, lines: Lines) -> String {
        let is_fresh = |line: &&str| {
            let heart = line
                .split(['{', '}'])
                .max_by_key(|part| part.len())
                .unwrap_or(line);
            let heart = normalized(heart);
            !self.recent.iter().any(|reply| reply.contains(&heart))
        };
        let lines = lines.iter().copied();
        let fitting: Vec<&str> = lines.filter(|line| self.slots.can_fill(line)).collect();
        let fresh: Vec<&str> = fitting.iter().copied().filter(is_fresh).collect();
        let pool = if fresh.is_empty() { fitting } else { fresh };
        let line = pool[self.dice.below(pool.len())];
        self.slots.fill(line)
    }
}

struct Own {
    text: String,
    is_phrase: bool,
}

/// The heavier a like weighs, the more often she comes back to it.
fn some_like<'a>(personality: &'a Personality, dice: &mut Dice) -> Option<&'a str> {
    let total: usize = personality
        .likes
        .values()
        .map(|weight| usize::from(weight.get()))
        .sum();
    let mut thrown = if total == 0 {
        return None;
    } else {
        dice.below(total)
    };
    for (tag, weight) in &personality.likes {
        let weight = usize::from(weight.get());
        if thrown < weight {
            return Some(tag.as_str());
        }
        thrown -= weight;
    }
    None
}
