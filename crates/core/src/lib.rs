//! What the chatwire providers share: messages and requests, the streaming
//! [`Provider`] trait, errors, the policy for HTTP, and decoders.
//!
//! A program usually depends on one provider crate, or on the `chatwire`
//! facade; this crate is for code that takes any provider, and for new
//! providers.
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
//! [`ReplyStream`]. No task runs behind a stream and no channel stands in it: if
//! you stop reading, the server stops sending, and if you drop the stream, its
//! connection is closed.
//!
//! What only authors of providers need is in [`provider_kit`].
//!
//! # Tracing
//!
//! Requests, heads, first bytes, ends, credentials and attempts are told through
//! `tracing`, at the level `debug`: who, where, how long, how many bytes, and
//! the kind of an error. Never what was said, and no secret.
//!
//! # Features
//!
//! - `rustls`: https through rustls with ring and the platform's certificates.
//!   It leaves reqwest's own choice of cryptography open, so a program that
//!   also makes clients with reqwest itself switches on one of reqwest's own
//!   TLS features, or installs a provider of rustls.
//! - `native-tls`: https through the platform's TLS library.
//! - `combinators`: providers made of providers, `Retry` and `Fallback`.
//!
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
mod http;
mod provider;
pub mod provider_kit;
mod redactor;
mod refusal;
mod secret;
mod spellings;
mod stream;
mod text;

pub use chat::{
    ChatRequest, Extra, Finish, FinishReason, Image, IncompleteReply, Message, Messages, Parameter,
    Part, ProgressKind, PromptFormat, Reply, ReplyEvent, Role, Usage,
};
#[cfg(feature = "combinators")]
pub use combinators::{FailedAttempt, Fallback, Retry};
pub use error::{Error, ErrorKind, Limit, TimeoutPhase};
pub use futures_core::future::BoxFuture;
pub use http::HttpConfig;
pub use provider::{Capabilities, ModelInfo, Provider, ProviderExt, ProviderInfo};
pub use secret::Secret;
pub use stream::ReplyStream;
