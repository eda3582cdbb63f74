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
