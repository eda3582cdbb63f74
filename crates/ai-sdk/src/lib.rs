//! Streaming client for servers built with the [AI SDK].
//!
//! [AI SDK]: https://ai-sdk.dev
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod builder;
mod config;
mod decode;
mod failure;
mod id;
mod provider;

pub use builder::{AiSdkBuilder, DEFAULT_PATH};
#[cfg(feature = "webdriver")]
pub use chatwire_browser::Browser;
pub use chatwire_browser::{BrowserSession, SessionOptions, SessionSource};
pub use chatwire_core::{
    ChatRequest, Error, ErrorKind, Finish, FinishReason, HttpConfig, IncompleteReply, Message,
    Messages, Provider, ProviderExt, Reply, ReplyEvent, ReplyStream,
};
pub use config::{BodyShape, Config, Members, REQUEST_OPTIONS, SETTINGS, SystemPrompt};
pub use decode::{AnswerDecoder, DataStream, Head, Limits, Protocol, TextStream, UiMessageStream};
pub use provider::{AiSdk, Detected, NAME};
