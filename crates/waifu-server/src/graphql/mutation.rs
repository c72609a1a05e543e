//! What can be done. What users can get wrong comes back as typed errors of the payload.

use juniper::{GraphQLInputObject, GraphQLObject, ID, graphql_object};
use uuid::Uuid;
use waifu_app::use_cases::{Answer, OutgoingMessage};
use waifu_domain::turn::{MessageText, RunStatus};

use super::Context;
use super::objects::{MessageObject, RelationshipObject, RunStatusEnum, signed};
use super::query::waifu_id;
use crate::problem::{FieldError, Problem, failed_turn};

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

/// Her answer, or what was wrong. A turn in which she said nothing is an error, and moves no affection.
#[derive(Debug, Default, GraphQLObject)]
#[graphql(context = Context)]
pub struct SendMessagePayload {
    turn: Option<TurnObject>,
    reply: Option<MessageObject>,
    relationship: Option<RelationshipObject>,
    errors: Vec<UserError>,
}

#[derive(Debug, GraphQLObject)]
#[graphql(name = "Turn", context = Context)]
pub struct TurnObject {
    id: ID,
    turn_no: i32,
    run: i32,
    status: RunStatusEnum,
}

#[derive(Debug, GraphQLObject)]
#[graphql(context = Context)]
pub struct UserError {
    /// Stable: one of the codes that every door shares.
    code: String,
    message: String,
}

#[graphql_object(context = Context)]
impl Mutation {
    /// Say something to her and wait for her answer. Once the message is stored it is answered, whether or not
    /// you wait.
    async fn send_message(context: &Context, input: SendMessageInput) -> SendMessagePayload {
        match send(context, input).await {
            Ok(answer) => answer.into(),
            Err(problem) => problem.into(),
        }
    }
}

async fn send(context: &Context, input: SendMessageInput) -> Result<Answer, Problem> {
    let message = parse(context, input)?;
    Ok(context
        .app
        .send_message
        .execute(context.caller, message)
        .await?)
}

fn parse(context: &Context, input: SendMessageInput) -> Result<OutgoingMessage, Problem> {
    let invalid =
        |name: &str, detail: String| Problem::invalid(vec![FieldError::parameter(name, detail)]);
    let text =
        MessageText::try_from(input.text).map_err(|error| invalid("text", error.to_string()))?;
    let client_message_id = match input.client_message_id {
        None => context.app.ids.new_id(),
        Some(id) => id
            .parse::<Uuid>()
            .map_err(|_| invalid("clientMessageId", "must be a UUID".to_owned()))?,
    };
    Ok(OutgoingMessage {
        waifu_id: waifu_id(&input.waifu_id, "waifuId")?,
        conversation_id: None,
        client_message_id: client_message_id.into(),
        text,
    })
}

impl From<Answer> for SendMessagePayload {
    fn from(answer: Answer) -> Self {
        let outcome = answer.outcome;
        let failure = (outcome.status == RunStatus::Failed)
            .then(|| failed_turn(outcome.turn.turn_id, outcome.reason).into());
        Self {
            turn: Some(TurnObject {
                id: ID::new(outcome.turn.turn_id.to_string()),
                turn_no: signed(outcome.turn.turn_no),
                run: signed(outcome.turn.run),
                status: outcome.status.into(),
            }),
            reply: outcome.reply.map(Into::into),
            relationship: Some((&answer.relationship).into()),
            errors: failure.into_iter().collect(),
        }
    }
}

impl From<Problem> for SendMessagePayload {
    fn from(problem: Problem) -> Self {
        Self {
            errors: vec![problem.into()],
            ..Self::default()
        }
    }
}

impl From<Problem> for UserError {
    fn from(problem: Problem) -> Self {
        Self {
            code: problem.code.as_str().to_owned(),
            message: problem.detail,
        }
    }
}
