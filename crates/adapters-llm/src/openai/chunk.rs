//! One event of the stream, read with as few demands as can be: compatible servers leave out, add and null as they
//! like, and only what isn't JSON is an error.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use waifu_app::ports::language_model::Finish;
use waifu_domain::turn::Usage;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(default)]
    usage: Option<Tokens>,
    #[serde(default)]
    pub(super) error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default)]
    delta: Option<Said<'a>>,
    /// In a whole answer, of a server that doesn't stream.
    #[serde(borrow, default)]
    message: Option<Said<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    content: Option<Text<'a>>,
}

/// serde borrows a `Cow` in a struct of its own, and not in an `Option`.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Debug, Clone, Copy, Deserialize)]
struct Tokens {
    #[serde(default, rename = "prompt_tokens")]
    prompt: Option<u32>,
    #[serde(default, rename = "completion_tokens")]
    completion: Option<u32>,
}

impl<'a> Chunk<'a> {
    pub(super) fn parse(data: &'a [u8]) -> Result<Self, serde_json::Error> {
        match serde_json::from_slice(data) {
            // It may still be JSON, of another shape.
            Err(error) if error.is_data() => serde_json::from_slice(data).map(Self::from_odd),
            parsed => parsed,
        }
    }

    /// As much as can be understood of what has not the usual shape; slower, and seldom needed.
    fn from_odd(mut value: Value) -> Self {
        let text = |value: &Value| {
            let text = value.as_str()?.to_owned();
            Some(Text(text.into()))
        };
        let said = |value: &Value| {
            let content = text(&value["content"]);
            Some(Said { content })
        };
        let choice = &value["choices"][0];
        let choice = Choice {
            delta: said(&choice["delta"]),
            message: said(&choice["message"]),
            finish_reason: text(&choice["finish_reason"]),
        };
        let tokens = |name| {
            let counted = value["usage"][name].as_u64()?;
            Some(u32::try_from(counted).unwrap_or(u32::MAX))
        };
        let usage = value["usage"].is_object().then(|| Tokens {
            prompt: tokens("prompt_tokens"),
            completion: tokens("completion_tokens"),
        });
        let error = value.get_mut("error").map(Value::take);
        Self {
            choices: Some(vec![choice]),
            usage,
            error: error.filter(|error| !error.is_null()),
        }
    }

    /// What she says; `reasoning_content` is none of it.
    pub(super) fn text(&self) -> &str {
        let choice = self.choice();
        let said = choice.and_then(|choice| choice.delta.as_ref().or(choice.message.as_ref()));
        let text = said.and_then(|said| said.content.as_ref());
        text.map_or("", |Text(text)| text)
    }

    pub(super) fn finish(&self) -> Option<Finish> {
        let Text(reason) = self.choice()?.finish_reason.as_ref()?;
        match &**reason {
            "" => None,
            "length" => Some(Finish::Length),
            "content_filter" => Some(Finish::Filtered),
            _ => Some(Finish::Stop),
        }
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        let Tokens { prompt, completion } = self.usage?;
        Some(Usage {
            prompt_tokens: prompt.unwrap_or(0),
            completion_tokens: completion.unwrap_or(0),
        })
    }

    fn choice(&self) -> Option<&Choice<'a>> {
        self.choices.as_ref()?.first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(json: &str) -> Chunk<'_> {
        Chunk::parse(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    #[test]
    fn whatever_is_missing_or_null_is_nothing() {
        for json in [
            "{}",
            "[]",
            "7",
            "null",
            r#""words""#,
            r#"[{"choices": [{"delta": {"content": "no"}}]}]"#,
            r#"{"choices": null, "usage": null, "error": null}"#,
            r#"{"choices": 7, "usage": "none", "error": null}"#,
            r#"{"choices": []}"#,
            r#"{"choices": [null]}"#,
            r#"{"choices": {"delta": {"content": "no"}}}"#,
            r#"{"choices": [{"delta": null, "finish_reason": null}]}"#,
            r#"{"choices": [{"delta": "no", "finish_reason": 1}]}"#,
            r#"{"choices": [{"delta": {"content": ""}, "finish_reason": ""}]}"#,
            r#"{"choices": [{"delta": {"content": ["no"]}}]}"#,
            r#"{"choices": [{"delta": {"reasoning_content": "hm"}}]}"#,
        ] {
            let chunk = chunk(json);
            assert_eq!(chunk.text(), "", "{json}");
            assert_eq!(chunk.finish(), None, "{json}");
            assert_eq!(chunk.usage(), None, "{json}");
            assert!(chunk.error.is_none(), "{json}");
        }
    }

    #[test]
    fn an_odd_field_hides_none_of_the_others() {
        for odd in [
            r#""usage": {"prompt_tokens": -1, "completion_tokens": 7}"#,
            r#""usage": {"prompt_tokens": 0.5, "completion_tokens": 7}"#,
            r#""usage": {"completion_tokens": 1}, "usage": {"completion_tokens": 7}"#,
        ] {
            let json = format!(
                r#"{{"choices": [{{"delta": {{"content": "one \"two\""}}, "finish_reason": "stop"}}], {odd}}}"#
            );
            let chunk = chunk(&json);
            assert_eq!(chunk.text(), r#"one "two""#, "{odd}");
            assert_eq!(chunk.finish(), Some(Finish::Stop), "{odd}");
            let usage = chunk.usage().unwrap();
            assert_eq!((usage.prompt_tokens, usage.completion_tokens), (0, 7));
        }
    }

    #[test]
    fn what_is_no_json_is_an_error_whatever_shape_it_has() {
        for data in [
            &b"{\"choices\": 7"[..],
            b"{\"choices\":[{\"del",
            b"",
            b"hello",
            b"{\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}",
        ] {
            assert!(Chunk::parse(data).is_err(), "{data:?}");
        }
    }

    #[test]
    fn unknown_reasons_to_finish_are_a_stop() {
        let finish = |reason: &str| {
            chunk(&format!(
                r#"{{"choices":[{{"finish_reason":"{reason}"}}]}}"#
            ))
            .finish()
        };
        assert_eq!(finish("stop"), Some(Finish::Stop));
        assert_eq!(finish("eos"), Some(Finish::Stop));
        assert_eq!(finish("length"), Some(Finish::Length));
        assert_eq!(finish("content_filter"), Some(Finish::Filtered));
    }

    #[test]
    fn usage_is_read_as_far_as_it_is_told() {
        let usage = chunk(r#"{"choices":[],"usage":{"prompt_tokens":9}}"#).usage();
        let told = Usage {
            prompt_tokens: 9,
            completion_tokens: 0,
        };
        assert_eq!(usage, Some(told));
    }
}
