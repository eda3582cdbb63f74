//! Streaming client for servers built with the [AI SDK] (npm `ai`), versions 3 to
//! 7: any route that `useChat` could talk to, usually `POST /api/chat`.
//!
//! [AI SDK]: https://ai-sdk.dev
//!
//! ```
//! use chatwire_ai_sdk::{AiSdk, ChatRequest, ProviderExt};
//! # use chatwire_mock::AiSdkMock;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = AiSdkMock::start().await?;
//! # let url = server.url();
//! // The address of an app, such as `http://localhost:3000`.
//! let provider = AiSdk::builder().base_url(url).build()?;
//! let reply = provider.reply(&ChatRequest::new("Why is the sky blue?")).await?;
//! println!("{}", reply.text);
//! # Ok(())
//! # }
//! ```
//!
//! # Protocols
//!
//! A server speaks one of three: the UI message stream of versions 5 to 7, the
//! data stream of versions 3 and 4, or a text stream. [`AnswerDecoder`] finds out
//! which, by the headers and, if they do not tell, by the first line.
//!
//! An answer is complete if a `finish` event came, or `[DONE]` after text whose
//! parts are all closed (UI); if its end came, or the end of its last step (data);
//! or if the body ends and is not empty (text, and versions before 3.2, which mark
//! no end). Otherwise it is an error, with the text so far. A text stream cannot
//! report errors: a server that fails in the middle looks like a short answer.
//!
//! Between two text parts of a UI message stream stands a blank line. Where a
//! server of version 7 takes back what a step has said, a note says so, and the
//! end of the reply has the text that counts.
//!
//! # What it supports
//!
//! Streaming, system messages, history and images. A system prompt goes in front
//! of the first user message by default, because version 7 refuses messages of
//! the role `system`; see [`SystemPrompt`]. Temperature and length limit are the
//! app's to decide, so they are refused; an app that reads them from the body gets
//! them as [members of its own](Config::extra). The model is sent if one is set.
//!
//! # Errors
//!
//! By default a server hides why its model failed; the error says so, and that the
//! reason stands in the server's log. A redirect that does not keep the POST, or
//! that leads to a login, wants [a session](SessionOptions) or a cookie.
//!
//! # Features
//!
//! - `rustls`, `native-tls`: https through one or the other; see
//!   [`chatwire_core`].
//! - `reqwest-client`: your own HTTP client; see [`chatwire_core`].
//! - `webdriver`: sessions from a real browser, through chromedriver,
//!   geckodriver or Selenium.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod builder;
mod config;
mod decode;
mod failure;
mod id;
mod provider;

pub use builder::AiSdkBuilder;
#[cfg(feature = "webdriver")]
pub use chatwire_browser::Browser;
pub use chatwire_browser::{BrowserSession, SessionClient, SessionOptions, SessionSource};
pub use chatwire_core::{
    Capabilities, ChatRequest, Error, ErrorKind, Extra, Finish, FinishReason, HttpConfig, Image,
    IncompleteReply, Limit, Message, Messages, ModelInfo, Parameter, Part, ProgressKind, Provider,
    ProviderExt, ProviderInfo, Reply, ReplyEvent, ReplyStream, Role, Secret, TimeoutPhase, Usage,
};
pub use config::{BodyShape, Config, Members, REQUEST_OPTIONS, SETTINGS, SystemPrompt};
pub use decode::{AnswerDecoder, DataStream, Head, Limits, Protocol, TextStream, UiMessageStream};
pub use provider::{AiSdk, DEFAULT_PATH, NAME};
