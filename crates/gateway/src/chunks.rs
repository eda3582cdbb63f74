use bytes::{BufMut as _, BytesMut};
use chatwire_core::Usage;
use serde::Serialize;

/// Writes the chunks of a streamed answer as server-sent events.
///
/// Everything that is the same in every chunk is written once, when the
/// answer begins; a piece of text costs its escaping and two copies.
#[derive(Debug)]
pub(crate) struct ChunkWriter {
    /// From `data: {` up to the value of `choices`.
    head: Vec<u8>,
    /// What follows after `choices`, if anything.
    tail: &'static [u8],
}

#[derive(Serialize)]
struct Head<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
}

/// The tokens of an answer, all of them known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct WholeUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}

impl WholeUsage {
    /// None when a count is missing: half a usage breaks strict clients, and a
    /// made-up one is a lie.
    pub(crate) fn of(usage: Option<Usage>) -> Option<WholeUsage> {
        let usage = usage?;
        let (prompt_tokens, completion_tokens) = (usage.prompt_tokens?, usage.completion_tokens?);
        Some(WholeUsage {
            prompt_tokens,
            completion_tokens,
            total_tokens: usage
                .total_tokens
                .unwrap_or(prompt_tokens.saturating_add(completion_tokens)),
        })
    }
}

impl ChunkWriter {
    pub(crate) fn new(id: &str, created: u64, model: &str, include_usage: bool) -> ChunkWriter {
        let mut head = b"data: ".to_vec();
        let members = Head {
            id,
            object: "chat.completion.chunk",
            created,
            model,
        };
        // Texts and a number cannot fail to be written.
        let _ = serde_json::to_writer(&mut head, &members);
        head.pop();
        head.extend_from_slice(b",\"choices\":");
        ChunkWriter {
            head,
            // Who asks for usage gets the member in every chunk.
            tail: if include_usage {
                b",\"usage\":null}\n\n"
            } else {
                b"}\n\n"
            },
        }
    }

    /// The chunk that says who speaks.
    pub(crate) fn role(&self, out: &mut BytesMut) {
        let delta = br#"{"role":"assistant","content":""}"#;
        self.chunk(out, |out| out.put_slice(delta), b"null");
    }

    /// A piece of the answer.
    pub(crate) fn text(&self, out: &mut BytesMut, text: &str) {
        let delta = |out: &mut BytesMut| {
            out.put_slice(b"{\"content\":");
            let _ = serde_json::to_writer(out.writer(), text);
            out.put_u8(b'}');
        };
        self.chunk(out, delta, b"null");
    }

    /// The end of the answer, with the usage where it was asked for and is
    /// known.
    pub(crate) fn end(&self, out: &mut BytesMut, usage: Option<WholeUsage>) {
        self.chunk(out, |out| out.put_slice(b"{}"), b"\"stop\"");
        if let Some(usage) = usage {
            out.put_slice(&self.head);
            out.put_slice(b"[],\"usage\":");
            let _ = serde_json::to_writer(out.writer(), &usage);
            out.put_slice(b"}\n\n");
        }
        out.put_slice(b"data: [DONE]\n\n");
    }

    fn chunk(&self, out: &mut BytesMut, delta: impl FnOnce(&mut BytesMut), reason: &[u8]) {
        out.put_slice(&self.head);
        out.put_slice(b"[{\"index\":0,\"delta\":");
        delta(out);
        out.put_slice(b",\"logprobs\":null,\"finish_reason\":");
        out.put_slice(reason);
        out.put_slice(b"}]");
        out.put_slice(self.tail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn events(out: &BytesMut) -> Vec<String> {
        std::str::from_utf8(out)
            .unwrap()
            .split_terminator("\n\n")
            .map(|event| event.strip_prefix("data: ").unwrap().to_owned())
            .collect()
    }

    #[test]
    fn chunks_are_what_the_api_says() {
        let writer = ChunkWriter::new("id\"1", 7, "home/m", false);
        let mut out = BytesMut::new();
        writer.role(&mut out);
        writer.text(&mut out, "é \"\n\u{1}🙂");
        writer.end(&mut out, None);
        let events = events(&out);
        let chunk = |delta: Value, reason: Value| {
            json!({"id": "id\"1", "object": "chat.completion.chunk", "created": 7, "model": "home/m",
                   "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]})
        };
        let expected = [
            chunk(json!({"role": "assistant", "content": ""}), Value::Null),
            chunk(json!({"content": "é \"\n\u{1}🙂"}), Value::Null),
            chunk(json!({}), json!("stop")),
        ];
        for (event, expected) in events.iter().zip(&expected) {
            assert_eq!(&serde_json::from_str::<Value>(event).unwrap(), expected);
        }
        assert_eq!(events[3], "[DONE]");
    }

    #[test]
    fn usage_comes_when_asked_for_and_whole() {
        let usage = Usage::new()
            .with_prompt_tokens(Some(2))
            .with_completion_tokens(Some(3));
        let whole = WholeUsage::of(Some(usage)).unwrap();
        assert_eq!(whole.total_tokens, 5);
        let writer = ChunkWriter::new("id", 7, "m", true);
        let mut out = BytesMut::new();
        writer.text(&mut out, "x");
        writer.end(&mut out, Some(whole));
        let events = events(&out);
        let chunk: Value = serde_json::from_str(&events[0]).unwrap();
        assert_eq!(chunk["usage"], Value::Null);
        let last: Value = serde_json::from_str(&events[2]).unwrap();
        assert_eq!(last["choices"], json!([]));
        assert_eq!(last["usage"]["total_tokens"], 5);
        assert_eq!(
            WholeUsage::of(Some(Usage::new().with_prompt_tokens(Some(1)))),
            None
        );
    }
}
