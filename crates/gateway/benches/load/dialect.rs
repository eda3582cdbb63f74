//! The APIs that the gateway is asked in. The proxy has only the first.

use std::time::Duration;

/// One way to ask.
#[derive(Clone, Copy)]
pub(crate) struct Dialect {
    pub(crate) name: &'static str,
    path: &'static str,
    /// The members of the body around the question.
    body: (&'static str, &'static str),
    /// What ends an event.
    pub(crate) event_end: &'static [u8],
    /// Events beyond the pieces.
    pub(crate) extra: usize,
}

pub(crate) const CHAT: Dialect = Dialect {
    name: "chat",
    path: "/v1/chat/completions",
    body: (r#""messages":[{"role":"user","content":""#, r#""}]"#),
    event_end: b"\n\n",
    // The role, the finish reason, `[DONE]`.
    extra: 3,
};

/// All of them.
pub(crate) const ALL: [Dialect; 5] = [
    CHAT,
    Dialect {
        name: "responses",
        path: "/v1/responses",
        body: (r#""input":""#, r#"""#),
        event_end: b"\n\n",
        // Four before the text, four after it.
        extra: 8,
    },
    Dialect {
        name: "messages",
        path: "/v1/messages",
        body: (
            r#""max_tokens":9,"messages":[{"role":"user","content":""#,
            r#""}]"#,
        ),
        event_end: b"\n\n",
        // The message, the block, a ping; the ends of block and message, and why.
        extra: 6,
    },
    Dialect {
        name: "completions",
        path: "/v1/completions",
        body: (r#""prompt":""#, r#"""#),
        event_end: b"\n\n",
        extra: 2,
    },
    Dialect {
        name: "ollama",
        path: "/api/chat",
        body: (r#""messages":[{"role":"user","content":""#, r#""}]"#),
        event_end: b"}\n",
        extra: 1,
    },
];

impl Dialect {
    /// A question for so many pieces, as bytes of a request.
    pub(crate) fn question(self, pieces: usize, pause: Duration) -> String {
        let (before, after) = self.body;
        let body = format!(
            "{{\"model\":\"home\",\"stream\":true,{before}pieces={pieces} pause={} please{after}}}",
            pause.as_micros()
        );
        format!(
            "POST {} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.path,
            body.len()
        )
    }
}
