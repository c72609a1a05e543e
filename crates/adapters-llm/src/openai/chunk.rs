//! One event of the stream, read with as few demands as can be: compatible servers leave out, add and null as they
//! like, and only what isn't JSON is an error.

use serde_json::Value;
use waifu_app::ports::language_model::Finish;
use waifu_domain::turn::Usage;

#[derive(Debug)]
pub(super) struct Chunk(Value);

impl Chunk {
    pub(super) fn parse(data: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(data).map(Self)
    }

    /// What she says; `reasoning_content` is none of it.
    pub(super) fn text(&self) -> Option<&str> {
        self.0["choices"][0]["delta"]["content"]
            .as_str()
            .filter(|text| !text.is_empty())
    }

    pub(super) fn finish(&self) -> Option<Finish> {
        match self.0["choices"][0]["finish_reason"].as_str()? {
            "" => None,
            "length" => Some(Finish::Length),
            "content_filter" => Some(Finish::Filtered),
            _ => Some(Finish::Stop),
        }
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        let usage = self.0.get("usage").filter(|usage| usage.is_object())?;
        let tokens = |name: &str| {
            let counted = usage[name].as_u64().unwrap_or(0);
            u32::try_from(counted).unwrap_or(u32::MAX)
        };
        Some(Usage {
            prompt_tokens: tokens("prompt_tokens"),
            completion_tokens: tokens("completion_tokens"),
        })
    }

    pub(super) fn error(&self) -> Option<&Value> {
        self.0.get("error").filter(|error| !error.is_null())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(json: &str) -> Chunk {
        Chunk::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn whatever_is_missing_or_null_is_nothing() {
        for json in [
            "{}",
            "[]",
            "7",
            r#"{"choices": null, "usage": null, "error": null}"#,
            r#"{"choices": []}"#,
            r#"{"choices": [{"delta": null, "finish_reason": null}]}"#,
            r#"{"choices": [{"delta": {"content": ""}, "finish_reason": ""}]}"#,
            r#"{"choices": [{"delta": {"reasoning_content": "hm"}}]}"#,
        ] {
            let chunk = chunk(json);
            assert_eq!(chunk.text(), None, "{json}");
            assert_eq!(chunk.finish(), None, "{json}");
            assert_eq!(chunk.usage(), None, "{json}");
            assert!(chunk.error().is_none(), "{json}");
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
