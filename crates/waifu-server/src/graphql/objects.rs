//! The types of the schema.

use std::collections::BTreeMap;

use juniper::{DefaultScalarValue, GraphQLEnum, GraphQLObject, ID, graphql_object};
use waifu_app::caller::Scope;
use waifu_app::use_cases::{HistoryMessage, RelationshipView};
use waifu_domain::relationship;
use waifu_domain::slug::Slug;
use waifu_domain::turn::{self, Emotion, Message, Speaker};
use waifu_domain::user::User;
use waifu_domain::waifu::{Visibility, Waifu, Weight};

use super::Context;
use super::acquaintance::AcquaintanceObject;
use super::scalars::Json;
use crate::problem::Problem;
use crate::rest::views::{CandidateView, MessageView};

/// Whoever asks.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "User", context = Context)]
pub struct UserObject {
    id: ID,
    username: String,
    display_name: String,
    roles: Vec<UserRoleEnum>,
    /// Where your days begin, as IANA names it.
    time_zone: String,
    /// `YYYY-MM-DD`.
    birthday: Option<String>,
    pronouns: Option<String>,
    /// A BCP 47 language tag.
    locale: Option<String>,
    /// Who you are when you talk with companions.
    persona: Option<String>,
}

#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "UserRole")]
pub enum UserRoleEnum {
    User,
    Operator,
}

impl From<User> for UserObject {
    fn from(user: User) -> Self {
        Self {
            id: ID::new(user.id.to_string()),
            username: user.username.into(),
            display_name: user.display_name.into(),
            roles: vec![user.role.into()],
            time_zone: user.time_zone.to_string(),
            birthday: user.birthday.map(|day| day.to_string()),
            pronouns: user.pronouns.map(Into::into),
            locale: user.locale.map(Into::into),
            persona: user.persona.map(Into::into),
        }
    }
}

#[derive(Debug)]
pub struct WaifuObject(Box<Waifu>);

#[graphql_object(context = Context, scalar = DefaultScalarValue, name = "Waifu")]
/// A companion.
impl WaifuObject {
    fn id(&self) -> ID {
        ID::new(self.0.id.to_string())
    }

    /// The house's companions alone have one.
    fn key(&self) -> Option<&str> {
        self.0.key.as_ref().map(Slug::as_str)
    }

    fn name(&self) -> &str {
        self.0.profile.name.as_str()
    }

    fn archetype(&self) -> &str {
        &self.0.profile.personality.archetype
    }

    fn description(&self) -> &str {
        &self.0.profile.personality.description
    }

    fn greetings(&self) -> &[String] {
        &self.0.profile.personality.greetings
    }

    fn likes(&self) -> Vec<TagObject> {
        tags(&self.0.profile.personality.likes)
    }

    fn dislikes(&self) -> Vec<TagObject> {
        tags(&self.0.profile.personality.dislikes)
    }

    fn stats(&self) -> StatsObject {
        let stats = &self.0.profile.stats;
        StatsObject {
            warmth: stats.warmth.get().into(),
            patience: stats.patience.get().into(),
            playfulness: stats.playfulness.get().into(),
            curiosity: stats.curiosity.get().into(),
            pride: stats.pride.get().into(),
        }
    }

    /// All of it, as REST shows it.
    fn personality(&self) -> Json {
        Json::of(&self.0.profile.personality)
    }

    /// All of it, as REST shows it.
    fn appearance(&self) -> Json {
        Json::of(&self.0.profile.appearance)
    }

    /// All of them, those of her own too.
    fn all_stats(&self) -> Json {
        Json::of(&self.0.profile.stats)
    }

    /// Null: the house's.
    fn owner_id(&self) -> Option<ID> {
        self.0.owner.user().map(|id| ID::new(id.to_string()))
    }

    fn visibility(&self) -> VisibilityEnum {
        match self.0.visibility {
            Visibility::Public => VisibilityEnum::Public,
            Visibility::Private => VisibilityEnum::Private,
        }
    }

    fn version(&self) -> i32 {
        signed(self.0.version)
    }

    /// RFC 3339, UTC, microseconds.
    fn created_at(&self) -> String {
        self.0.created_at.to_string()
    }

    fn updated_at(&self) -> String {
        self.0.updated_at.to_string()
    }

    /// How you know her; null when you have never met.
    async fn acquaintance(&self, context: &Context) -> Result<Option<AcquaintanceObject>, Problem> {
        // The page that she is on has been counted.
        context.caller.with(Scope::Read)?;
        let known = context.acquaintances.load(self.0.id).await?;
        Ok(known.map(Into::into))
    }
}

impl From<Waifu> for WaifuObject {
    fn from(waifu: Waifu) -> Self {
        Self(Box::new(waifu))
    }
}

fn tags(tagged: &BTreeMap<Slug, Weight>) -> Vec<TagObject> {
    let object = |(tag, weight): (&Slug, &Weight)| TagObject {
        tag: tag.to_string(),
        weight: weight.get().into(),
    };
    tagged.iter().map(object).collect()
}

/// Something that matters to her, by weight from 1 to 3.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "Tag", context = Context)]
pub struct TagObject {
    tag: String,
    weight: i32,
}

/// Each 0 to 100.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "Stats", context = Context)]
pub struct StatsObject {
    warmth: i32,
    patience: i32,
    playfulness: i32,
    curiosity: i32,
    pride: i32,
}

#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "Visibility")]
pub enum VisibilityEnum {
    Public,
    Private,
}

impl VisibilityEnum {
    /// As REST has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

/// Where the two of you stand.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "Relationship", context = Context)]
pub struct RelationshipObject {
    waifu_id: ID,
    /// 0 to 10.
    level: i32,
    stage: StageEnum,
    /// 0 to 1000.
    affection: i32,
    /// The affection at which the next level comes; null at the highest.
    next_level_at: Option<i32>,
    /// The event that must be passed before the next level.
    gate: Option<String>,
    mood: MoodEnum,
    /// Points that absence has cost and your next act will store.
    pending_decay: i32,
    /// Keys of the events that wait for a choice.
    pending_events: Vec<String>,
    /// Keys of the gifts that she keeps for good.
    keepsakes: Vec<String>,
    /// Names of what has been unlocked.
    unlocked: Vec<String>,
    last_interaction: Option<String>,
    /// 0 when you have never met.
    version: i32,
}

#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "Stage")]
pub enum StageEnum {
    Stranger,
    Acquaintance,
    Friend,
    CloseFriend,
    Romantic,
    Soulmate,
}

#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "Mood")]
pub enum MoodEnum {
    Hurt,
    Calm,
    Glad,
    Tender,
}

impl From<&RelationshipView> for RelationshipObject {
    fn from(view: &RelationshipView) -> Self {
        Self {
            waifu_id: ID::new(view.pair.waifu_id.to_string()),
            level: view.state.level.get().into(),
            stage: view.stage.into(),
            affection: view.state.affection.get(),
            next_level_at: view.next_level_at.map(Into::into),
            gate: view.gate.as_ref().map(ToString::to_string),
            mood: match view.mood {
                relationship::Mood::Hurt => MoodEnum::Hurt,
                relationship::Mood::Calm => MoodEnum::Calm,
                relationship::Mood::Glad => MoodEnum::Glad,
                relationship::Mood::Tender => MoodEnum::Tender,
            },
            pending_decay: view.pending_decay,
            pending_events: view
                .pending_events
                .iter()
                .map(|occurrence| occurrence.event.to_string())
                .collect(),
            keepsakes: view.state.keepsakes().map(ToString::to_string).collect(),
            unlocked: view.state.unlocked().map(ToString::to_string).collect(),
            last_interaction: view.state.last_interaction.map(|at| at.to_string()),
            version: signed(view.stored.as_ref().map_or(0, |stored| stored.head.version)),
        }
    }
}

impl From<relationship::Stage> for StageEnum {
    fn from(stage: relationship::Stage) -> Self {
        match stage {
            relationship::Stage::Stranger => Self::Stranger,
            relationship::Stage::Acquaintance => Self::Acquaintance,
            relationship::Stage::Friend => Self::Friend,
            relationship::Stage::CloseFriend => Self::CloseFriend,
            relationship::Stage::Romantic => Self::Romantic,
            relationship::Stage::Soulmate => Self::Soulmate,
        }
    }
}

/// A message in a history.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "Message", context = Context)]
pub struct MessageObject {
    id: ID,
    turn_id: ID,
    turn_no: i32,
    role: RoleEnum,
    text: String,
    /// How the run that said it ended; completed for your own.
    status: RunStatusEnum,
    /// What her words show; older ones have none.
    emotion: Option<EmotionEnum>,
    /// In a history: all answers to the turn, in their order, when there are several.
    candidates: Vec<CandidateObject>,
    created_at: String,
}

/// One run's answer to a turn.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "Candidate", context = Context)]
pub struct CandidateObject {
    run: i32,
    /// That of the message.
    id: ID,
    /// It is her answer.
    chosen: bool,
}

#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "Emotion")]
pub enum EmotionEnum {
    Neutral,
    Happy,
    Sad,
    Angry,
    Surprised,
    Shy,
    Loving,
}

impl From<Emotion> for EmotionEnum {
    fn from(emotion: Emotion) -> Self {
        match emotion {
            Emotion::Neutral => Self::Neutral,
            Emotion::Happy => Self::Happy,
            Emotion::Sad => Self::Sad,
            Emotion::Angry => Self::Angry,
            Emotion::Surprised => Self::Surprised,
            Emotion::Shy => Self::Shy,
            Emotion::Loving => Self::Loving,
        }
    }
}

#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "Role")]
pub enum RoleEnum {
    User,
    Waifu,
}

#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "RunStatus")]
pub enum RunStatusEnum {
    Streaming,
    Completed,
    Incomplete,
    Failed,
    Cancelled,
}

/// What a turn answers.
#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "TurnKind")]
pub enum TurnKindEnum {
    Greeting,
    Chat,
    Gift,
    Date,
    Event,
}

impl From<turn::TurnKind> for TurnKindEnum {
    fn from(kind: turn::TurnKind) -> Self {
        match kind {
            turn::TurnKind::Greeting => Self::Greeting,
            turn::TurnKind::Chat => Self::Chat,
            turn::TurnKind::Gift => Self::Gift,
            turn::TurnKind::Date => Self::Date,
            turn::TurnKind::Event => Self::Event,
        }
    }
}

impl From<turn::RunStatus> for RunStatusEnum {
    fn from(status: turn::RunStatus) -> Self {
        match status {
            turn::RunStatus::Streaming => Self::Streaming,
            turn::RunStatus::Completed => Self::Completed,
            turn::RunStatus::Incomplete => Self::Incomplete,
            turn::RunStatus::Failed => Self::Failed,
            turn::RunStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<HistoryMessage> for MessageObject {
    fn from(told: HistoryMessage) -> Self {
        MessageView::from(told).into()
    }
}

impl From<Message> for MessageObject {
    fn from(message: Message) -> Self {
        MessageView::from(message).into()
    }
}

impl From<MessageView> for MessageObject {
    fn from(view: MessageView) -> Self {
        Self {
            id: ID::new(view.id.to_string()),
            turn_id: ID::new(view.turn_id.to_string()),
            turn_no: signed(view.turn_no),
            role: match view.role {
                Speaker::User => RoleEnum::User,
                Speaker::Waifu => RoleEnum::Waifu,
            },
            text: view.text,
            status: view.status.into(),
            emotion: view.emotion.map(Into::into),
            candidates: view.candidates.into_iter().map(Into::into).collect(),
            created_at: view.created_at.to_string(),
        }
    }
}

impl From<CandidateView> for CandidateObject {
    fn from(view: CandidateView) -> Self {
        Self {
            run: signed(view.run),
            id: ID::new(view.id.to_string()),
            chosen: view.chosen,
        }
    }
}

/// GraphQL's integers have 31 bits and a sign; no counter here comes near their end.
pub fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
