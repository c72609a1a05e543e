//! From a prompt to the body that a chat completion is asked for with.

use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage,
    ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
    ChatCompletionStreamOptions, CreateChatCompletionRequest,
};
use waifu_domain::prompt::{Prompt, PromptMessage, PromptRole};

/// Bytes, so that the prompt is held once while a provider thinks.
#[expect(
    deprecated,
    reason = "compatible servers know `max_tokens`; few know what OpenAI wants in its place"
)]
pub(super) fn body(
    prompt: Prompt,
    model: &str,
    max_tokens: u32,
    temperature: Option<f32>,
) -> Vec<u8> {
    let request = CreateChatCompletionRequest {
        model: model.to_owned(),
        messages: prompt.messages.into_iter().map(message).collect(),
        max_tokens: Some(max_tokens),
        temperature,
        stream: Some(true),
        stream_options: Some(ChatCompletionStreamOptions {
            include_usage: Some(true),
            include_obfuscation: None,
        }),
        ..CreateChatCompletionRequest::default()
    };
    serde_json::to_vec(&request).expect("texts and numbers can be written as JSON")
}

fn message(message: PromptMessage) -> ChatCompletionRequestMessage {
    match message.role {
        PromptRole::System => ChatCompletionRequestSystemMessage::from(message.text).into(),
        PromptRole::User => ChatCompletionRequestUserMessage::from(message.text).into(),
        PromptRole::Assistant => ChatCompletionRequestAssistantMessage::from(message.text).into(),
    }
}
