//! Streaming client for chatgpt4online: any WordPress site with the
//! [AI Engine] plugin, also in a sub-directory or with plain permalinks.
//!
//! The public site that this is named after, `chatgpt4online.org`, is offline.
//! More than 100,000 sites run the plugin.
//!
//! [AI Engine]: https://wordpress.org/plugins/ai-engine/
//!
//! ```
//! use chatwire_chatgpt4online::{Chatgpt4Online, ChatRequest, Provider, ReplyEvent};
//! # use chatwire_mock::AiEngineMock;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = AiEngineMock::start().await?;
//! # let url = server.base_url();
//! // The address of a server, such as `https://example.org/blog`.
//! let provider = Chatgpt4Online::builder()
//!     .base_url(url)
//!     .bot_id("support")
//!     .build()?;
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
//! Streaming, system messages (as the plugin's `instructions`), history,
//! temperatures from 0 to 1 and length limits. Progress notes of the plugin are
//! [`ReplyEvent::Progress`]. Sites accept messages of 512 characters unless set
//! otherwise; earlier messages may be longer.
//!
//! # Options of a request
//!
//! What belongs to one conversation or question is set on the request, with
//! [`ChatRequest::with_option`]: `session` (the visitor's session in the site's
//! records), `context_id` (the page or post that the question is about) and
//! `new_file_id` (a file that was uploaded to the site before);
//! [`ChatRequest::with_conversation_id`] is the conversation in the site's
//! records.
//!
//! # Nonces
//!
//! A site requires a nonce with every request. The client fetches it once, shares
//! it, keeps it fresh from the answers, and renews it once if it is refused.
//! Plugins before 2.4.4 have no address for it, so the client reads it from a
//! page that shows the chatbot; plugins before 2.0 need none. The first request
//! finds out what a site needs, and the client remembers it.
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

mod access;
mod body;
mod builder;
mod config;
mod decoder;
mod failure;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod headers;
mod page;
mod payload;
mod provider;

pub use builder::Chatgpt4OnlineBuilder;
pub use chatwire_core::{
    Capabilities, ChatRequest, Error, ErrorKind, Extra, Finish, FinishReason, HttpConfig, Image,
    IncompleteReply, Limit, Message, Messages, ModelInfo, Parameter, Part, ProgressKind, Provider,
    ProviderExt, ProviderInfo, Reply, ReplyEvent, ReplyStream, Role, Secret, TimeoutPhase, Usage,
};
pub use config::{Config, REQUEST_OPTIONS, SETTINGS};
pub use decoder::AiEngineDecoder;
pub use provider::{Chatgpt4Online, HISTORICAL_BASE_URL, NAME};
