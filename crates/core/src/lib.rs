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
//! [`ChatRequest`] → body → credentials ([`CredentialCache`]) → [`http::Http`] →
//! bytes → a [`ReplyDecoder`] → [`ReplyEvent`]s → [`ReplyStream`]. No task runs
//! behind a stream and no channel stands in it: who stops reading stops the
//! server, and who drops it closes the connection.
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
//! Without either of the first two, only `http://` addresses work, unless the
//! [client](http::HttpConfig::client) is one's own.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod credentials;
pub mod decode;
mod error;
mod event;
#[cfg(feature = "combinators")]
mod fallback;
pub mod http;
mod message;
mod prompt;
mod provider;
mod reply;
mod request;
#[cfg(feature = "combinators")]
mod retry;
mod role;
mod secret;
mod stream;
mod text;
mod words;

pub use credentials::{CredentialCache, Lease};
pub use decode::ReplyDecoder;
pub use error::{Error, ErrorKind, Limit, TimeoutPhase};
pub use event::{Finish, FinishReason, ProgressKind, ReplyEvent, Usage};
#[cfg(feature = "combinators")]
pub use fallback::Fallback;
pub use futures_core::future::BoxFuture;
pub use message::{Message, Messages};
pub use prompt::PromptFormat;
pub use provider::{Capabilities, ModelInfo, Provider, ProviderExt, ProviderInfo};
pub use reply::{IncompleteReply, Reply};
pub use request::{ChatRequest, Parameter};
#[cfg(feature = "combinators")]
pub use retry::Retry;
pub use role::Role;
pub use secret::{Redactor, Secret};
pub use stream::ReplyStream;
pub use text::{is_html_page, plain as plain_text};
pub use words::{kind_from_words, sounds_temporary, wait_from_words};
