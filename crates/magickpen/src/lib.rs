//! Streaming client for the MagickPen chat protocol.
//!
//! The public service that this is named after, `magickpen.com`, is offline. The
//! client works with any server that speaks its protocol, and is tested against
//! the one in `chatwire-mock`.
//!
//! ```
//! use chatwire_magickpen::{ChatRequest, MagickPen, Provider, ReplyEvent};
//! # use chatwire_mock::MagickPenMock;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = MagickPenMock::start().await?;
//! # let url = server.url();
//! // The address of a server, such as `http://localhost:8080`.
//! let provider = MagickPen::new(url)?;
//! let request = ChatRequest::new("Why is the sky blue?");
//! let mut reply = provider.stream(&request).await?;
//! while let Some(event) = reply.next().await {
//!     if let ReplyEvent::Text(text) = event? {
//!         print!("{text}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What it supports
//!
//! Streaming, system messages and history, all through one
//! [formatted prompt](chatwire_core::PromptFormat). There is one model,
//! `gpt-4o-mini`; temperature and length limits are refused. The protocol has
//! no end mark: an answer that the server cuts off cleanly looks whole.
//!
//! # Credentials
//!
//! A server accepts only requests with two secrets that are in the scripts of its
//! site. The client looks for them in the script that had them last and in those
//! that the front page names, shares them, and looks again once if they are
//! refused. A script that cannot be read does not end the search; if a secret is
//! missing in the end, the error names it and every place that was searched.
//!
//! # Configuration
//!
//! The builder sets the fields of a [`Config`]. A configuration can also be read
//! with serde, and [`SETTINGS`] describes its fields for command lines and their
//! help.
//!
//! # Features
//!
//! - `rustls`, `native-tls`: https through one or the other; see
//!   [`chatwire_core`].
//! - `reqwest-client`: your own HTTP client; see [`chatwire_core`].

mod bundle;
mod config;
mod credentials;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod provider;
mod signature;

pub use chatwire_core::{
    Capabilities, ChatRequest, Error, ErrorKind, Extra, Finish, FinishReason, HttpConfig, Image,
    IncompleteReply, Limit, Message, Messages, ModelInfo, Parameter, Part, ProgressKind, Provider,
    ProviderExt, ProviderInfo, Reply, ReplyEvent, ReplyStream, Role, Secret, TimeoutPhase, Usage,
};
pub use config::{Config, SETTINGS};
pub use provider::{HISTORICAL_API_URL, HISTORICAL_BASE_URL, MagickPen, MagickPenBuilder, NAME};
