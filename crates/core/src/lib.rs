//! The common parts of the chatwire providers: messages and requests, the
//! streaming [`Provider`] trait, errors, the HTTP policy, and decoders.
//!
//! Most programs depend on one provider crate, or on the `chatwire` facade. Use
//! this crate to write code that works with any provider, or a new provider.
//!
//! ```
//! use chatwire_core::{ChatRequest, Error, IncompleteReply, Provider, ProviderExt, Reply};
//!
//! /// Works with every provider.
//! async fn summarise(provider: &dyn Provider, text: &str) -> Result<Reply, IncompleteReply> {
//!     let request = ChatRequest::new(format!("Summarise in one sentence:\n\n{text}"));
//!     provider.reply(&request).await
//! }
//! # let _ = summarise;
//! # Ok::<(), Error>(())
//! ```
//!
//! # How a reply flows
//!
//! [`ChatRequest`] → body → credentials
//! ([`CredentialCache`](provider_kit::CredentialCache)) →
//! [`HttpClient`](provider_kit::HttpClient) → bytes → a
//! [`ReplyDecoder`](provider_kit::ReplyDecoder) → [`ReplyEvent`]s →
//! [`ReplyStream`]. There is no task and no channel in between: if you stop
//! reading, the server stops sending, and if you drop the stream, its connection
//! is closed.
//!
//! [`provider_kit`] has what only authors of providers need.
//!
//! # Runtimes
//!
//! A provider can be used from several tokio runtimes, one after the other or at
//! the same time: each of up to 16 has connections of its own. A reply is read in
//! the runtime in which it was asked for; in another one it waits for as long as
//! that one stands still. A client of your own (feature `reqwest-client`) belongs
//! to one runtime.
//!
//! # Tracing
//!
//! The crate emits `tracing` events at the level `debug` for requests, response
//! heads, first bytes, ends, credentials and attempts. They have the provider, the
//! URL, durations, numbers of bytes and kinds of errors, but no text of messages
//! and no secret.
//!
//! # Types of other crates
//!
//! The public API has the traits of `futures-core` 0.3; [`provider_kit`] and
//! [`Secret::header_value`] also have types of `bytes` 1 and `http` 1. A new major
//! version of one of them comes only with a breaking version of this crate. A type
//! of reqwest is there only with the feature `reqwest-client`.
//!
//! # Features
//!
//! - `rustls`: https through rustls with ring and the platform's certificates.
//!   It does not choose a cryptography provider for reqwest: a program that also
//!   builds its own reqwest clients enables one of reqwest's TLS features, or
//!   installs a provider of rustls.
//! - `native-tls`: https through the platform's TLS library.
//! - `combinators`: providers made of providers, `Retry` and `Fallback`.
//! - `reqwest-client`: your own HTTP client for all requests. Only this feature
//!   puts a type of reqwest (0.13) into the public API, so another major version
//!   of reqwest breaks only programs that use it.
//!
//! Without either of the first two, only `http://` addresses work, unless you
//! pass your own client.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod chat;
#[cfg(feature = "combinators")]
mod combinators;
mod credentials;
mod decode;
mod error;
mod html;
mod http;
mod provider;
pub mod provider_kit;
mod refusal;
mod secret;
mod stream;
mod sync;
mod text;
mod wait;

pub use chat::{
    ChatRequest, Extra, Finish, FinishReason, Image, IncompleteReply, JsonSchema, Message,
    Messages, Parameter, Part, ProgressKind, PromptFormat, Reply, ReplyEvent, ResponseFormat, Role,
    Tool, ToolCall, ToolChoice, ToolResult, Usage,
};
#[cfg(feature = "combinators")]
pub use combinators::{FailedAttempt, Fallback, Retry};
pub use error::{Error, ErrorKind, Limit, TimeoutPhase};
pub use futures_core::future::BoxFuture;
pub use http::HttpConfig;
pub use provider::{Capabilities, ModelInfo, Provider, ProviderExt, ProviderInfo};
pub use secret::Secret;
pub use stream::ReplyStream;
