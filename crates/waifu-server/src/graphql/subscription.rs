//! What can be listened to: one turn, or everything between the two.

use futures_util::stream::{BoxStream, StreamExt, try_unfold};
use juniper::{GraphQLInputObject, ID, graphql_subscription};
use uuid::Uuid;
use waifu_app::turns::hub::{Watch, WatchError};
use waifu_app::turns::news::News;
use waifu_app::use_cases::{Following, OutgoingMessage, ResumeFrom};
use waifu_domain::ids::{Epoch, WaifuId};

use super::Context;
use super::frames::{ChatFrame, ReadyFrame};
use super::line::{Idle, Line};
use super::mutation::{message_text, uuid};
use super::objects::RelationshipObject;
use super::query::waifu_id;
use super::scalars::Seq;
use crate::frames::ServerFrame;
use crate::problem::{Code, Problem};
use crate::turn_frames::TurnFrames;

type Frames = BoxStream<'static, Result<ChatFrame, Problem>>;

#[derive(Debug, Clone, Copy)]
pub struct Subscription;

/// A place in what happens between two: that of a durable frame, or of `Ready`.
#[derive(Debug, GraphQLInputObject)]
pub struct PlaceInput {
    /// Null before the first interaction.
    epoch: Option<ID>,
    seq: Seq,
}

#[graphql_subscription(context = Context, scalar = juniper::DefaultScalarValue)]
impl Subscription {
    /// Say something to her and listen to the turn until its `TurnDone`. Once the message is stored it is answered,
    /// whether or not you listen; the same id with the same text tells how its turn stands.
    async fn chat(
        context: &Context,
        waifu_id: ID,
        text: String,
        client_message_id: ID,
    ) -> Result<Frames, Problem> {
        let client_message_id = uuid(&client_message_id, "clientMessageId")?;
        let message = OutgoingMessage {
            waifu_id: self::waifu_id(&waifu_id, "waifuId")?,
            conversation_id: None,
            client_message_id: client_message_id.into(),
            text: message_text(text)?,
        };
        let line = context.line()?;
        let send_message = &context.app.send_message;
        let turn = send_message
            .stream(context.talker().await?, message, None)
            .await?;
        Ok(told(TurnFrames::new(turn, client_message_id), line))
    }

    /// Listen to everything between the two of you. `Ready` comes first. After `after`, the `seq` and `epoch` of the last
    /// durable frame that you heard, all that was missed follows, or `resumed` is false.
    async fn relationship(
        context: &Context,
        waifu_id: ID,
        after: Option<PlaceInput>,
    ) -> Result<Frames, Problem> {
        let waifu_id = self::waifu_id(&waifu_id, "waifuId")?;
        let after = after.map(resume_from).transpose()?;
        let line = context.line()?;
        let follow = &context.app.follow;
        let following = follow
            .execute(context.reader().await?, waifu_id, after)
            .await?;
        Ok(Listening::new(context, waifu_id, line, following).frames())
    }
}

fn resume_from(place: PlaceInput) -> Result<ResumeFrom, Problem> {
    let epoch = place.epoch.map(|epoch| uuid(&epoch, "after.epoch"));
    Ok(ResumeFrom {
        epoch: epoch.transpose()?.map(Uuid::into),
        seq: place.seq.0,
    })
}

fn told(frames: TurnFrames, line: Line) -> Frames {
    try_unfold((frames, line), |(mut frames, mut line)| async move {
        while line.has_room(&mut frames.watch).await {
            let Some(frame) = frames.next().await.map_err(broken_off)? else {
                break;
            };
            if let Some(frame) = ChatFrame::new(frame, Some(frames.epoch)) {
                return Ok(Some((frame, (frames, line))));
            }
        }
        Ok(None)
    })
    .boxed()
}

/// Somebody who listens to a relationship.
struct Listening {
    context: Context,
    waifu_id: WaifuId,
    line: Line,
    ready: Option<ReadyFrame>,
    /// `None` until the two meet.
    epoch: Option<Epoch>,
    watch: Watch,
    idle: Option<Idle>,
}

impl Listening {
    fn new(context: &Context, waifu_id: WaifuId, line: Line, following: Following) -> Self {
        let Following {
            view,
            watch,
            is_resumed,
            active,
        } = following;
        let epoch = view.stored.as_ref().map(|stored| stored.epoch);
        let ready = ReadyFrame {
            epoch: epoch.map(|epoch| ID::new(epoch.to_string())),
            seq: Some(Seq(watch.seq())),
            resumed: is_resumed,
            relationship: RelationshipObject::from(&view),
            active: active.map(Into::into),
        };
        Self {
            context: context.clone(),
            waifu_id,
            line,
            ready: Some(ready),
            epoch,
            watch,
            idle: None,
        }
    }

    fn frames(self) -> Frames {
        try_unfold(self, |mut listening| async move {
            let frame = listening.next().await?;
            Ok(frame.map(|frame| (frame, listening)))
        })
        .boxed()
    }

    async fn next(&mut self) -> Result<Option<ChatFrame>, Problem> {
        while self.line.has_room(&mut self.watch).await {
            if let Some(ready) = self.ready.take() {
                return Ok(Some(ChatFrame::Ready(ready)));
            }
            let news = self.hear().await.map_err(broken_off)?;
            let frame = ServerFrame::from(news);
            if frame.seq.is_some() && self.epoch.is_none() {
                self.epoch = self.find_epoch().await?;
            }
            if let Some(frame) = ChatFrame::new(frame, self.epoch) {
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    /// When the server stops, what has happened until then is still told; and then that there is nothing more.
    async fn hear(&mut self) -> Result<News, WatchError> {
        let closing = self.context.app.closing.clone();
        loop {
            let is_closing = closing.is_cancelled();
            self.idle = (is_closing && !self.watch.is_behind()).then(|| self.line.idle());
            tokio::select! {
                news = self.watch.next() => return news,
                () = closing.cancelled(), if !is_closing => {}
            }
        }
    }

    /// The two have met while they were listened to.
    async fn find_epoch(&self) -> Result<Option<Epoch>, Problem> {
        let read = &self.context.app.read_relationship;
        let view = read.execute(self.context.caller, self.waifu_id).await?;
        Ok(view.stored.map(|stored| stored.epoch))
    }
}

fn broken_off(error: WatchError) -> Problem {
    match error {
        WatchError::Forgotten => {
            let detail = "what was missed is no longer kept: start from what is stored";
            Problem::new(Code::NotFound, detail)
        }
        WatchError::Store(error) => error.into(),
    }
}
