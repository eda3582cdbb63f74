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
//! # What reaches the model
//!
//! From version 3.6.3 (July 2026) on, the plugin drops model, temperature,
//! length limit and `instructions` of everybody who may not change the site's
//! settings, and says nothing. No answer tells the version. So, by default:
//!
//! - **System messages** are sent as the first user turn, marked as
//!   instructions, which every version forwards. [`SystemPrompt`] has the other
//!   ways.
//! - **History** is forwarded by every version.
//! - **Model, temperature and length limit** are refused, because the site
//!   decides them. If it lets you choose them, set [`Config::trusted`];
//!   temperatures are then between 0 and 1 with two decimals, and 0 is sent as
//!   0.01, because plugins take 0 for none.
//! - **Questions** of more than 512 characters are refused by most sites;
//!   [`LongQuestions`] has a way to send them. Earlier messages may be longer.
//! - **Images** (PNG, JPEG, GIF, WebP) are uploaded before the question, all at
//!   once. Plugins before 3 take one.
//!
//! Progress notes of the plugin are [`ReplyEvent::Progress`]; one of the kind
//! [`Doubt`](ProgressKind::Doubt) says that an answer may be incomplete. What the bot wants besides
//! (`actions`, `shortcuts`, `blocks`, `approval`) is in [`Finish::extras`].
//!
//! # Bots
//!
//! The bots that a page of the site shows are its models:
//! [`models`](Provider::models) lists them, and a request names one as its
//! model. [`Chatgpt4Online::bots`] says more about them.
//!
//! # Members
//!
//! A member of the site is recognised by the cookies of a browser
//! ([`Config::cookie`], [`Config::sessions`]) or by
//! an application password ([`Config::application_password`]), which works over
//! https only. The member's nonce is fetched as the site's own pages do.
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
//! - `webdriver`: sessions from a real browser; see [`chatwire_browser`].

mod access;
mod body;
mod bot;
mod builder;
mod config;
mod decoder;
mod failure;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod headers;
mod learnt;
mod member;
mod page;
mod payload;
mod provider;
mod question;
mod site;
mod system;
mod upload;

pub use access::Survey;
pub use builder::Chatgpt4OnlineBuilder;
pub use chatwire_browser::{
    ActiveSession, BrowserSession, SessionClient, SessionConfig, SessionOptions,
};
pub use chatwire_core::{
    Capabilities, ChatRequest, Error, ErrorKind, Extra, Finish, FinishReason, HttpConfig, Image,
    IncompleteReply, Limit, Message, Messages, ModelInfo, Parameter, Part, ProgressKind, Provider,
    ProviderExt, ProviderInfo, Reply, ReplyEvent, ReplyStream, Role, Secret, TimeoutPhase, Usage,
};
pub use config::{Config, LongQuestions, REQUEST_OPTIONS, SETTINGS, SystemPrompt};
pub use decoder::AiEngineDecoder;
pub use page::Bot;
pub use provider::{Chatgpt4Online, HISTORICAL_BASE_URL, NAME};
