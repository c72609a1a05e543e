//! What can be done. What users can get wrong comes back as typed errors of the payload.

use juniper::{GraphQLInputObject, GraphQLObject, ID, graphql_object};
use uuid::Uuid;
use waifu_app::ports::store::TurnOutcome;
use waifu_app::use_cases::{Answer, Chosen, EditedMessage, OutgoingMessage};
use waifu_domain::ids::ClientMessageId;
use waifu_domain::turn::{MessageText, RunStatus};

use super::account::{ChangePasswordInput, DonePayload, ProfilePayload, UpdateProfileInput};
use super::acting::{GiveGiftInput, GoOnDateInput, RewindInput, TakeChoiceInput, shown};
use super::acts::ActPayload;
use super::api_keys::{CreateApiKeyInput, CreateApiKeyPayload, RevokeApiKeyInput};
use super::companions::{CreateWaifuInput, DeleteWaifuInput, UpdateWaifuInput, WaifuPayload};
use super::objects::{MessageObject, RelationshipObject, RunStatusEnum, TurnKindEnum, signed};
use super::operators::catalogue::{
    CatalogueEntryPayload, PutCatalogueEntryInput, RetireCatalogueEntryInput,
};
use super::operators::house::{CreateHouseWaifuInput, DeleteHouseWaifuInput};
use super::operators::users::{
    EraseUserInput, ResetPasswordInput, ResetPasswordPayload, RestoreUserInput, SetAgeGroupInput,
    SuspendUserInput,
};
use super::operators::{AdjustAffectionInput, catalogue, house, users};
use super::query::waifu_id;
use super::{Context, account, acting, api_keys, companions, known_wait_ms, operators};
use crate::problem::{Code, FieldError, Problem, failed_turn};

#[derive(Debug, Clone, Copy)]
pub struct Mutation;

#[derive(Debug, GraphQLInputObject)]
pub struct SendMessageInput {
    waifu_id: ID,
    /// 1 to 8,000 characters.
    text: String,
    /// A UUID that makes a retry safe: the same id with the same text is answered by the first answer.
    client_message_id: Option<ID>,
}

#[derive(Debug, GraphQLInputObject)]
pub struct CancelTurnInput {
    waifu_id: ID,
    turn_id: ID,
}

#[derive(Debug, GraphQLInputObject)]
pub struct RegenerateInput {
    waifu_id: ID,
    turn_id: ID,
    /// Makes a retry safe, for 24 hours: 1 to 255 visible ASCII characters.
    idempotency_key: Option<String>,
}

#[derive(Debug, GraphQLInputObject)]
pub struct EditMessageInput {
    waifu_id: ID,
    /// Whose message is another one from now on.
    turn_id: ID,
    /// 1 to 8,000 characters.
    text: String,
    /// A UUID that makes a retry safe: the same id with the same text is answered by the first answer.
    client_message_id: Option<ID>,
}

#[derive(Debug, GraphQLInputObject)]
pub struct ChooseAnswerInput {
    waifu_id: ID,
    turn_id: ID,
    /// The run whose words shall be her answer, from 1.
    run: i32,
}

/// A turn that has ended, or what was wrong. One that was to be answered and in which she said nothing is an error, and
/// moves no affection.
#[derive(Debug, Default, GraphQLObject)]
#[graphql(context = Context)]
pub struct AnswerPayload {
    turn: Option<TurnObject>,
    reply: Option<MessageObject>,
    relationship: Option<RelationshipObject>,
    errors: Vec<UserError>,
}

/// Her answer from now on, or what was wrong.
#[derive(Debug, Default, GraphQLObject)]
#[graphql(context = Context)]
pub struct ChooseAnswerPayload {
    run: Option<i32>,
    message: Option<MessageObject>,
    errors: Vec<UserError>,
}

#[derive(Debug, GraphQLObject)]
#[graphql(name = "Turn", context = Context)]
pub struct TurnObject {
    id: ID,
    turn_no: i32,
    run: i32,
    kind: TurnKindEnum,
    status: RunStatusEnum,
}

#[derive(Debug, Default, GraphQLObject)]
#[graphql(context = Context)]
pub struct UserError {
    /// Stable: one of the codes that every door shares.
    code: String,
    message: String,
    /// Where, in the words of REST: a JSON pointer, or the name of an argument.
    field: Option<String>,
    /// The level that would be enough, for an act that is refused below it.
    least_level: Option<i32>,
    /// What would have to be unlocked.
    unlock: Option<String>,
    /// From when on it can be done again.
    retry_at: Option<String>,
    /// After how many milliseconds it may be tried again, for a limit or a budget.
    retry_after_ms: Option<i32>,
}

#[graphql_object(context = Context, scalar = juniper::DefaultScalarValue)]
impl Mutation {
    /// Say something to her and wait for her answer. Once the message is stored it is answered, whether or not
    /// you wait.
    async fn send_message(context: &Context, input: SendMessageInput) -> AnswerPayload {
        AnswerPayload::answered(send(context, input).await)
    }

    /// Stop her answer. The words so far are kept; of a turn that is over this changes nothing.
    async fn cancel_turn(context: &Context, input: CancelTurnInput) -> AnswerPayload {
        AnswerPayload::ended(cancel(context, input).await)
    }

    /// Have the latest turn answered in another way, and wait for it; also how a turn that failed is tried again. Once
    /// she has said something that is her answer, until another one is chosen.
    async fn regenerate(context: &Context, input: RegenerateInput) -> AnswerPayload {
        AnswerPayload::answered(regenerate(context, input).await)
    }

    /// Say something else in the place of a message and wait for her answer. Its turn and all later chats are taken back, as
    /// by a rewind, in the same step.
    async fn edit_message(context: &Context, input: EditMessageInput) -> AnswerPayload {
        AnswerPayload::answered(edit(context, input).await)
    }

    /// Choose among her answers to the latest turn. It moves no affection.
    async fn choose_answer(context: &Context, input: ChooseAnswerInput) -> ChooseAnswerPayload {
        match choose(context, input).await {
            Ok(chosen) => chosen.into(),
            Err(problem) => problem.into(),
        }
    }

    /// Give her a gift. It is given at once and stands whatever becomes of her words about it, which are waited for.
    async fn give_gift(context: &Context, input: GiveGiftInput) -> ActPayload {
        shown(context, acting::give_gift(context, input).await).await
    }

    /// Go on a date. It counts at once and stands whatever becomes of her words about it, which are waited for.
    async fn go_on_date(context: &Context, input: GoOnDateInput) -> ActPayload {
        shown(context, acting::go_on_date(context, input).await).await
    }

    /// Take a choice in an event that waits for one. The same one again has the first's result.
    async fn take_choice(context: &Context, input: TakeChoiceInput) -> ActPayload {
        shown(context, acting::take_choice(context, input).await).await
    }

    /// Go back to before a turn: its chat and all later ones are taken back. Gifts, dates and choices stay.
    async fn rewind(context: &Context, input: RewindInput) -> ActPayload {
        shown(context, acting::rewind(context, input).await).await
    }

    /// Make a companion of your own.
    async fn create_waifu(context: &Context, input: CreateWaifuInput) -> WaifuPayload {
        companions::create(context, input).await.into()
    }

    /// Change a companion of your own, as long as she is in the version that you saw.
    async fn update_waifu(context: &Context, input: UpdateWaifuInput) -> WaifuPayload {
        companions::update(context, input).await.into()
    }

    /// Delete a companion of your own. What was said with her stays readable.
    async fn delete_waifu(context: &Context, input: DeleteWaifuInput) -> DonePayload {
        companions::delete(context, input).await.into()
    }

    /// Change what you say of yourself.
    async fn update_profile(context: &Context, input: UpdateProfileInput) -> ProfilePayload {
        account::update_profile(context, input).await.into()
    }

    /// All your other sessions end.
    async fn change_password(context: &Context, input: ChangePasswordInput) -> DonePayload {
        account::change_password(context, input).await.into()
    }

    /// The session that you are here with ends, and its sockets are closed.
    async fn log_out(context: &Context) -> DonePayload {
        account::log_out(context).await.into()
    }

    /// All your sessions end.
    async fn log_out_everywhere(context: &Context) -> DonePayload {
        account::log_out_everywhere(context).await.into()
    }

    /// Erase your account and everything in it. It can't be taken back.
    async fn erase_me(context: &Context) -> DonePayload {
        account::erase(context).await.into()
    }

    /// Make an API key. You can have 20.
    async fn create_api_key(context: &Context, input: CreateApiKeyInput) -> CreateApiKeyPayload {
        api_keys::create(context, input).await
    }

    /// It lets nobody in any more, and its sockets are closed.
    async fn revoke_api_key(context: &Context, input: RevokeApiKeyInput) -> DonePayload {
        api_keys::revoke(context, input).await.into()
    }

    /// Correct a relationship; for operators.
    async fn adjust_affection(context: &Context, input: AdjustAffectionInput) -> ActPayload {
        shown(context, operators::adjust_affection(context, input).await).await
    }

    /// Keep somebody out until that is taken back; for operators.
    async fn suspend_user(context: &Context, input: SuspendUserInput) -> DonePayload {
        users::suspend(context, input).await.into()
    }

    /// Let somebody in again; for operators.
    async fn restore_user(context: &Context, input: RestoreUserInput) -> DonePayload {
        users::restore(context, input).await.into()
    }

    /// Erase an account, as its user can himself; for operators. It can't be taken back.
    async fn erase_user(context: &Context, input: EraseUserInput) -> DonePayload {
        users::erase(context, input).await.into()
    }

    /// Say whether somebody is a minor; for operators. He can't clear the mark himself.
    async fn set_age_group(context: &Context, input: SetAgeGroupInput) -> DonePayload {
        users::set_age_group(context, input).await.into()
    }

    /// Give somebody who has lost his password another one, for one sign-in within 24 hours; for operators. All his
    /// sessions end.
    async fn reset_password(context: &Context, input: ResetPasswordInput) -> ResetPasswordPayload {
        users::reset_password(context, input).await
    }

    /// Make a companion of the house's; for operators.
    async fn create_house_waifu(context: &Context, input: CreateHouseWaifuInput) -> WaifuPayload {
        house::create(context, input).await.into()
    }

    /// Change a companion of the house's, as long as she is in the version that you saw; for operators.
    async fn update_house_waifu(context: &Context, input: UpdateWaifuInput) -> WaifuPayload {
        house::update(context, input).await.into()
    }

    /// Delete a companion of the house's; for operators. What was said with her stays readable.
    async fn delete_house_waifu(context: &Context, input: DeleteHouseWaifuInput) -> DonePayload {
        house::delete(context, input).await.into()
    }

    /// Define a gift, a date or an event: new, in the place of what has the key, or back from retirement; for operators.
    async fn put_catalogue_entry(
        context: &Context,
        input: PutCatalogueEntryInput,
    ) -> CatalogueEntryPayload {
        catalogue::put(context, input).await
    }

    /// Offer a gift or a date no more, or let an event come up no more; for operators. What was done stays.
    async fn retire_catalogue_entry(
        context: &Context,
        input: RetireCatalogueEntryInput,
    ) -> DonePayload {
        catalogue::retire(context, input).await.into()
    }
}

pub fn uuid(id: &ID, argument: &str) -> Result<Uuid, Problem> {
    id.parse()
        .map_err(|_| invalid(argument, "must be a UUID".to_owned()))
}

pub fn invalid(argument: &str, detail: String) -> Problem {
    Problem::invalid(vec![FieldError::parameter(argument, detail)])
}

async fn cancel(context: &Context, input: CancelTurnInput) -> Result<Answer, Problem> {
    let waifu = waifu_id(&input.waifu_id, "waifuId")?;
    let turn = uuid(&input.turn_id, "turnId")?.into();
    let send_message = &context.app.send_message;
    let cancelled = send_message
        .cancel(context.stirrer().await?, waifu, turn)
        .await?;
    cancelled.ok_or_else(|| Problem::new(Code::NotFound, "there is no such turn"))
}

async fn regenerate(context: &Context, input: RegenerateInput) -> Result<Answer, Problem> {
    let waifu = waifu_id(&input.waifu_id, "waifuId")?;
    let turn = uuid(&input.turn_id, "turnId")?.into();
    let key = acting::idempotency_key(input.idempotency_key.as_deref())?;
    let acts = &context.app.acts;
    Ok(acts
        .answer_again(context.talker().await?, waifu, turn, key)
        .await?)
}

async fn edit(context: &Context, input: EditMessageInput) -> Result<Answer, Problem> {
    let edited = EditedMessage {
        waifu_id: waifu_id(&input.waifu_id, "waifuId")?,
        turn_id: uuid(&input.turn_id, "turnId")?.into(),
        text: message_text(input.text)?,
        client_message_id: client_message_id(context, input.client_message_id)?,
    };
    let talker = context.talker().await?;
    Ok(context.app.edit_message.execute(talker, edited).await?)
}

fn client_message_id(context: &Context, told: Option<ID>) -> Result<ClientMessageId, Problem> {
    let id = match told {
        None => context.app.ids.new_id(),
        Some(id) => uuid(&id, "clientMessageId")?,
    };
    Ok(id.into())
}

async fn choose(context: &Context, input: ChooseAnswerInput) -> Result<Chosen, Problem> {
    let waifu = waifu_id(&input.waifu_id, "waifuId")?;
    let turn = uuid(&input.turn_id, "turnId")?.into();
    let run = u32::try_from(input.run)
        .map_err(|_| invalid("run", "must be the number of a run".to_owned()))?;
    let acts = &context.app.acts;
    Ok(acts
        .choose_answer(context.stirrer().await?, waifu, turn, run)
        .await?)
}

pub fn message_text(text: String) -> Result<MessageText, Problem> {
    MessageText::try_from(text).map_err(|error| invalid("text", error.to_string()))
}

async fn send(context: &Context, input: SendMessageInput) -> Result<Answer, Problem> {
    let message = parse(context, input)?;
    Ok(context
        .app
        .send_message
        .execute(context.talker().await?, message)
        .await?)
}

fn parse(context: &Context, input: SendMessageInput) -> Result<OutgoingMessage, Problem> {
    let text = message_text(input.text)?;
    Ok(OutgoingMessage {
        waifu_id: waifu_id(&input.waifu_id, "waifuId")?,
        conversation_id: None,
        client_message_id: client_message_id(context, input.client_message_id)?,
        text,
    })
}

impl AnswerPayload {
    /// Of a turn that was to be answered.
    fn answered(answer: Result<Answer, Problem>) -> Self {
        let outcome = answer.as_ref().ok().map(|answer| &answer.outcome);
        let failed = outcome.filter(|outcome| outcome.status == RunStatus::Failed);
        let failure = failed.map(|outcome| failed_turn(outcome.turn.turn_id, outcome.reason));
        let mut payload = Self::ended(answer);
        payload.errors.extend(failure.map(Into::into));
        payload
    }

    /// Of a turn, however it ended.
    fn ended(answer: Result<Answer, Problem>) -> Self {
        match answer {
            Ok(answer) => Self {
                turn: Some((&answer.outcome).into()),
                reply: answer.outcome.reply.map(Into::into),
                relationship: Some((&answer.relationship).into()),
                errors: Vec::new(),
            },
            Err(problem) => Self {
                errors: vec![problem.into()],
                ..Self::default()
            },
        }
    }
}

impl From<Chosen> for ChooseAnswerPayload {
    fn from(chosen: Chosen) -> Self {
        Self {
            run: Some(signed(chosen.turn.run)),
            message: Some(chosen.message.into()),
            errors: Vec::new(),
        }
    }
}

impl From<&TurnOutcome> for TurnObject {
    fn from(outcome: &TurnOutcome) -> Self {
        Self {
            id: ID::new(outcome.turn.turn_id.to_string()),
            turn_no: signed(outcome.turn.turn_no),
            run: signed(outcome.turn.run),
            kind: outcome.kind.into(),
            status: outcome.status.into(),
        }
    }
}

impl From<Problem> for ChooseAnswerPayload {
    fn from(problem: Problem) -> Self {
        Self {
            errors: vec![problem.into()],
            ..Self::default()
        }
    }
}

impl From<Problem> for UserError {
    fn from(problem: Problem) -> Self {
        let retry_after_ms = known_wait_ms(&problem);
        let would_work = problem.would_work.map(|boxed| *boxed).unwrap_or_default();
        Self {
            code: problem.code.as_str().to_owned(),
            field: problem.errors.first().map(|error| error.place.to_string()),
            message: problem.detail,
            least_level: would_work.least_level.map(i32::from),
            unlock: would_work.unlock,
            retry_at: would_work.retry_at.map(|at| at.to_string()),
            retry_after_ms,
        }
    }
}
