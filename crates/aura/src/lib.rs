//! Streaming client for Aura: any [openchat-ui] or [Chatbot-UI] server (the
//! `legacy` branch of the latter, from which the former comes).
//!
//! The public service this is named after, `openchat.team`, is offline; the
//! servers that people run themselves are not.
//!
//! [openchat-ui]: https://github.com/imoneoi/openchat-ui
//! [Chatbot-UI]: https://github.com/mckaywrigley/chatbot-ui/tree/legacy
//!
//! ```
//! use chatwire_aura::{Aura, ChatRequest, Messages, ProviderExt};
//! # use chatwire_mock::AuraMock;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = AuraMock::start().await?;
//! # let url = server.url();
//! // The address of a server, such as `http://localhost:3000`.
//! let provider = Aura::builder().base_url(url).build()?;
//! let request = ChatRequest::new(Messages::new().system("Be brief.").user("Why is the sky blue?"));
//! let reply = provider.reply(&request).await?;
//! println!("{}", reply.text);
//! # Ok(())
//! # }
//! ```
//!
//! # What it honours
//!
//! Streaming, system messages, history and temperature (openchat-ui passes it
//! on; Chatbot-UI ignores it and uses 1). The server limits every answer to
//! 1000 tokens, so a length limit is refused. Without a system message the
//! server uses one of its own.
//!
//! The protocol has no end mark: an error inside the server's own stream looks
//! like the end of the answer. A server whose model breaks off leaves the
//! connection open for good, so keep a limit on silence
//! ([`HttpConfig::idle_timeout`]).
//!
//! The server tells why it failed only in the HTTP reason phrase. Where that
//! has characters beyond ASCII, the HTTP parser drops it, and the error says
//! so.
//!
//! # Features
//!
//! - `rustls`, `native-tls`: https through one or the other; see
//!   [`chatwire_core`].

mod body;
mod failure;
mod provider;

pub use chatwire_core::http::HttpConfig;
pub use chatwire_core::*;
pub use provider::{Aura, AuraBuilder, DEFAULT_BASE_URL, DEFAULT_TOKEN_LIMIT};
