use bytes::Bytes;

/// A text of so many bytes, in words.
pub fn text_of(length: usize) -> String {
    "tok en s ".chars().cycle().take(length).collect()
}

/// A text event of AI Engine, as the plugin sends it.
pub fn live_event(text: &str) -> String {
    format!("data: {{\"type\":\"live\",\"data\":\"{text}\"}}\n\n")
}

/// A text event of the AI SDK, as versions 5 to 7 send it.
pub fn ui_event(text: &str) -> String {
    format!("data: {{\"type\":\"text-delta\",\"id\":\"txt-1\",\"delta\":\"{text}\"}}\n\n")
}

/// A text event of OpenAI, as its API sends it: 190 bytes around a short text.
pub fn openai_event(text: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4beb\",\"object\":\"chat.completion.chunk\",\
         \"created\":1741569952,\"model\":\"gpt-4o-mini\",\"choices\":[{{\"index\":0,\
         \"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
    )
}

/// A body of server-sent events, cut into pieces as a socket would give them.
#[derive(Debug)]
pub struct ServerEvents {
    /// The whole body.
    pub body: Bytes,
    /// The body in pieces.
    pub pieces: Vec<Bytes>,
    /// How many events are in it.
    pub events: usize,
}

impl ServerEvents {
    /// As many whole copies of the event as fit into so many bytes, in pieces
    /// of that size.
    pub fn new(event: &str, bytes: usize, piece: usize) -> ServerEvents {
        let events = bytes / event.len();
        ServerEvents::from_body(Bytes::from(event.repeat(events)), events, piece)
    }

    /// Any body that holds so many events.
    pub fn from_body(body: Bytes, events: usize, piece: usize) -> ServerEvents {
        let pieces = (0..body.len())
            .step_by(piece)
            .map(|start| body.slice(start..body.len().min(start + piece)))
            .collect();
        ServerEvents {
            body,
            pieces,
            events,
        }
    }

    /// The JSON of each event: what stands after `data: `.
    pub fn payloads(&self) -> Vec<Bytes> {
        let mut payloads = Vec::with_capacity(self.events);
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', &self.body) {
            let line = self.body.slice(start..end);
            if let Some(payload) = line.strip_prefix(b"data: ") {
                payloads.push(self.body.slice_ref(payload));
            }
            start = end + 1;
        }
        payloads
    }
}
