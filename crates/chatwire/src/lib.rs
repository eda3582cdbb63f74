//! Chat backends that need no API key, behind one streaming trait.
//!
//! | provider | feature | works with |
//! |---|---|---|
//! | [`magickpen`](magickpen::MagickPen) | `magickpen` | MagickPen servers |
//! | [`chatgpt4online`](chatgpt4online::Chatgpt4Online) | `chatgpt4online` | WordPress sites with the AI Engine plugin |
//! | [`aura`](aura::Aura) | `aura` | openchat-ui and Chatbot-UI servers |
//! | [`ai-sdk`](ai_sdk::AiSdk) | `ai-sdk` | servers built with the AI SDK (npm `ai`) |
//!
//! Choose one at run time by its name:
//!
//! ```
//! use chatwire::{ChatRequest, ProviderExt, ProviderOptions};
//! # use chatwire_mock::AuraMock;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = AuraMock::start().await?;
//! # let url = server.url();
//! // The address of a server, such as `http://localhost:3000`.
//! let options = ProviderOptions::new().with_base_url(url);
//! let provider = chatwire::provider("aura", options)?;
//! let reply = provider.reply(&ChatRequest::new("Why is the sky blue?")).await?;
//! println!("{}", reply.text);
//! # Ok(())
//! # }
//! ```
//!
//! or use its own type, which has a builder and a configuration of its own:
//! [`aura::Aura`], [`chatgpt4online::Chatgpt4Online`], [`magickpen::MagickPen`],
//! [`ai_sdk::AiSdk`]. The types that all of them share are here, too; to write
//! your own provider, use [`chatwire_core::provider_kit`].
//!
//! # Features
//!
//! Each provider is a feature of its own; all are on by default. `rustls` (on
//! by default) and `native-tls` choose how https is spoken; with neither only
//! `http://` works, and with both rustls is used. `combinators` (on by default)
//! brings `Retry` and `Fallback`. `blocking` (off by default) brings
//! `blocking`, for programs without async. `structured` (off by default) brings
//! `structured::Structured`, which answers in JSON and calls tools through providers that only write
//! text, and `schemars` answers as your own types. `webdriver` (off by default) gets
//! Aura's sessions from a real browser. `reqwest-client` (off by default) takes
//! your own HTTP client, a type of reqwest 0.13. Features only add.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "blocking")]
pub mod blocking;
// Text only: not compiled into programs. Its examples need these features.
#[cfg(all(doc, feature = "aura", feature = "combinators", feature = "schemars"))]
pub mod guide;
mod registry;

pub use chatwire_core::provider_kit::{Setting, SettingKind};
pub use chatwire_core::{
    BoxFuture, Capabilities, ChatRequest, Error, ErrorKind, Extra, Finish, FinishReason,
    HttpConfig, Image, IncompleteReply, JsonSchema, Limit, Message, Messages, ModelInfo, Parameter,
    Part, ProgressKind, PromptFormat, Provider, ProviderExt, ProviderInfo, Reply, ReplyEvent,
    ReplyStream, ResponseFormat, Role, Secret, TimeoutPhase, Tool, ToolCall, ToolChoice,
    ToolResult, Usage,
};
#[cfg(feature = "combinators")]
pub use chatwire_core::{Fallback, Retry};
pub use registry::{ProviderKind, ProviderOptions, provider, provider_kind, providers};

#[cfg(feature = "ai-sdk")]
pub use chatwire_ai_sdk as ai_sdk;
#[cfg(feature = "aura")]
pub use chatwire_aura as aura;
#[cfg(feature = "chatgpt4online")]
pub use chatwire_chatgpt4online as chatgpt4online;
#[cfg(feature = "magickpen")]
pub use chatwire_magickpen as magickpen;
#[cfg(feature = "structured")]
pub use chatwire_structured as structured;
