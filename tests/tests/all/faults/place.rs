//! Where a fault strikes: each request that a provider makes.

use std::sync::Arc;

use chatwire::HttpConfig;
use chatwire::{Provider, ProviderOptions, provider};
use chatwire_mock::{AiReply, Answer, AnyMock, Framing, Gate, MagickPenMock, RecordedRequest};

use super::ai_sdk;

/// The cookie that every request of the tests carries.
pub(crate) const COOKIE: &str = "visitor-5f1c09aa72";
/// The token in the `Authorization` header of every request.
pub(crate) const TOKEN: &str = "tok-91ab3e77d0c4";
/// The key that Aura's requests carry.
pub(crate) const KEY: &str = "sk-7d20e6b15f83";

/// One request of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    MagickPenAsk,
    MagickPenBundle,
    MagickPenFront,
    AiEngineSubmit,
    AiEngineSession,
    AuraChat,
    AuraModels,
    AiSdkChat,
}

impl Place {
    /// The requests that ask a question.
    pub(crate) const CHATS: [Place; 4] = [
        Place::MagickPenAsk,
        Place::AiEngineSubmit,
        Place::AuraChat,
        Place::AiSdkChat,
    ];

    /// The provider's name.
    pub(crate) fn provider(self) -> &'static str {
        match self {
            Place::MagickPenAsk | Place::MagickPenBundle | Place::MagickPenFront => "magickpen",
            Place::AiEngineSubmit | Place::AiEngineSession => "chatgpt4online",
            Place::AuraChat | Place::AuraModels => "aura",
            Place::AiSdkChat => "ai-sdk",
        }
    }

    /// A mock that is in order, except that MagickPen's front page has to be
    /// looked at where that is the place.
    pub(crate) async fn mock(self) -> AnyMock {
        if self == Place::MagickPenFront {
            let moved = MagickPenMock::builder().hash("0a1b2c3d4e5f6071");
            return moved.start().await.unwrap().into();
        }
        AnyMock::by_name(self.provider()).await.unwrap()
    }

    /// A client for a server, with secrets in all its requests.
    pub(crate) fn client(self, url: &str, http: HttpConfig) -> Arc<dyn Provider> {
        let http = http
            .with_header("cookie", format!("a=1; session={COOKIE}"))
            .with_header("authorization", format!("Bearer {TOKEN}"));
        let mut options = ProviderOptions::new().with_base_url(url).with_http(http);
        if self.provider() == "aura" {
            options = options.with_setting("key", KEY);
        }
        provider(self.provider(), options).unwrap()
    }

    /// Whether a request is made at this place.
    pub(crate) fn is(self, request: &RecordedRequest) -> bool {
        let path = request.path();
        match self {
            Place::MagickPenAsk => path == "/ask",
            Place::MagickPenBundle => path.starts_with("/_nuxt/"),
            Place::MagickPenFront => path == "/",
            Place::AiEngineSubmit => request.target.contains("/chats/submit"),
            Place::AiEngineSession => request.target.contains("/start_session"),
            Place::AuraChat | Place::AiSdkChat => path == "/api/chat",
            Place::AuraModels => path == "/api/models",
        }
    }

    pub(crate) fn is_chat(self) -> bool {
        Place::CHATS.contains(&self)
    }
}

/// A request at the place of the fault, to be answered.
pub(crate) struct Asked<'a> {
    pub(crate) place: Place,
    pub(crate) request: &'a RecordedRequest,
    /// Opened when the client has got all text that it is to get.
    pub(crate) gate: &'a Gate,
    /// The secrets that the mock gives out.
    pub(crate) secrets: &'a [String],
}

impl Asked<'_> {
    /// The beginning of an answer with its head and this text of the reply. At
    /// the places without a reply, half of what is in order there.
    pub(crate) fn begun(&self, text: &str) -> Answer {
        match self.place {
            Place::AiEngineSubmit => AiReply::new().delta(text).answer(),
            Place::AiSdkChat => Answer::stream([ai_sdk::event(text)]),
            Place::MagickPenAsk | Place::AuraChat => Answer::stream([text]),
            _ => {
                let whole = self.document();
                Answer::stream([&whole.as_bytes()[..whole.len() / 2]])
            }
        }
    }

    /// More text of the reply, as it goes over the wire.
    pub(crate) fn more(&self, text: &str) -> Vec<u8> {
        match self.place {
            Place::AiEngineSubmit => event(text),
            Place::AiSdkChat => ai_sdk::event(text),
            _ => text.as_bytes().to_vec(),
        }
    }

    /// A whole body that has this text of the reply in it.
    pub(crate) fn body(&self, text: &str) -> String {
        match self.place {
            Place::AiEngineSubmit => {
                let text = String::from_utf8(event(text)).unwrap();
                format!("{text}{}", end())
            }
            Place::AiSdkChat => {
                let text = String::from_utf8(ai_sdk::event(text)).unwrap();
                format!("{text}{}", ai_sdk::end())
            }
            Place::MagickPenAsk | Place::AuraChat => text.to_owned(),
            _ => self.document(),
        }
    }

    /// What is in order at a place without a reply.
    pub(crate) fn document(&self) -> String {
        match self.place {
            Place::MagickPenBundle => format!(
                r#"({{"X-API-Secret":"{}",secret:"{}"}})"#,
                self.secrets[1], self.secrets[0]
            ),
            Place::MagickPenFront => {
                r#"<html><head><script src="/_nuxt/0a1b2c3d4e5f6071.js"></script></head></html>"#
                    .to_owned()
            }
            Place::AiEngineSession => format!(
                r#"{{"success":true,"sessionId":"N/A","restNonce":"{}"}}"#,
                self.secrets[0]
            ),
            Place::AuraModels => r#"[{"id":"openchat_3.6","name":"OpenChat"}]"#.to_owned(),
            place => panic!("{place:?} has a reply"),
        }
    }

    /// An HTML page that repeats all secrets of the request, as debugging
    /// pages of servers and firewalls do.
    pub(crate) fn page(&self, status: u16) -> Answer {
        Answer::html(
            status,
            format!(
                "<!DOCTYPE html><html><head><title>{status} at the door</title></head><body>{}</body></html>",
                self.echo()
            ),
        )
    }

    /// All headers and the body of the request.
    pub(crate) fn echo(&self) -> String {
        let headers: Vec<String> = self
            .request
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
            .collect();
        format!("{} {}", headers.join(", "), self.request.text())
    }

    /// The same address below another folder.
    pub(crate) fn moved(&self) -> String {
        let (start, rest) = self.request.target.split_at(1);
        format!("{start}moved/{rest}")
    }
}

/// One event of AI Engine with text.
pub(crate) fn event(text: &str) -> Vec<u8> {
    let text = serde_json::to_string(text).unwrap();
    format!("data: {{\"type\":\"live\",\"data\":{text}}}\n\n").into_bytes()
}

/// The end mark of AI Engine without a text of its own.
pub(crate) fn end() -> &'static str {
    "data: {\"type\":\"end\",\"data\":\"{\\\"success\\\":true,\\\"reply\\\":null}\"}\n\n"
}

/// An answer of this whole body, with its length.
pub(crate) fn fixed(body: impl AsRef<[u8]>) -> Answer {
    Answer::status(200)
        .framing(Framing::ContentLength)
        .piece(body)
}
