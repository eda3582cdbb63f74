//! Streaming client for Aura: any [openchat-ui] or [Chatbot-UI] server (the
//! `legacy` branch of the latter, from which the former comes).
//!
//! The public service that this is named after, `openchat.team`, is offline. Use
//! it with a server that you run or may use.
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
//! let provider = Aura::new(url)?;
//! let request = ChatRequest::new(Messages::new().system("Be brief.").user("Why is the sky blue?"));
//! let reply = provider.reply(&request).await?;
//! println!("{}", reply.text);
//! # Ok(())
//! # }
//! ```
//!
//! # What it supports
//!
//! Streaming, system messages, history and temperature (openchat-ui passes it
//! on; Chatbot-UI ignores it and uses 1). The server limits every answer to
//! 1000 tokens, so a length limit is refused. Without a system message the
//! server uses one of its own.
//!
//! The protocol has no end mark: an error in the server's own stream looks like
//! the end of the answer. If its model breaks off, the server leaves the
//! connection open for good, so keep a limit on silence
//! ([`HttpConfig::with_idle_timeout`]).
//!
//! The server says why it failed only in the HTTP reason phrase. If that has
//! characters beyond ASCII, the HTTP parser drops it, and the error says so.
//!
//! # Models
//!
//! Without a model in the request or the configuration, the server's own list
//! decides: `openchat_3.6` if it is there, then `gpt-3.5-turbo`, then the first. The
//! list is fetched before the first request, and remembered. A model that the server
//! does not take is [`ErrorKind::UnsupportedModel`].
//!
//! # Relatives
//!
//! Forks of Chatbot-UI speak the same protocol, or nearly: the chatbot-ui of
//! LlamaEdge passes on the stream of its model, which is noticed by its first bytes;
//! then there are reasoning, tokens and an end mark. For chatbot-ollama, which takes
//! another body, set [`Server::ChatbotOllama`]; it takes images, too. A proxy may
//! guess a content type for these untyped answers: only a body that begins as a whole
//! HTML page counts as one.
//!
//! # Servers that want a browser
//!
//! Some servers stand behind a login, or a proxy that hands out its cookie only
//! to browsers. [`SessionOptions`] say where a browser's session comes from: one
//! that was kept, a file, or, with the feature `webdriver`, a real browser that
//! opens the server's page; see [`chatwire_browser`].
//!
//! ```
//! use chatwire_aura::{Aura, SessionOptions};
//!
//! # fn main() -> Result<(), chatwire_aura::Error> {
//! # let file = std::env::temp_dir().join(format!("aura-{}.txt", std::process::id()));
//! # std::fs::write(&file, "chat.example.org\tFALSE\t/\tTRUE\t0\tsession\td2h5").unwrap();
//! # let cookies = &file;
//! // `cookies` is the path of a file such as cookies.txt.
//! let aura = Aura::builder()
//!     .base_url("https://chat.example.org")
//!     .sessions(SessionOptions::new().with_file(cookies))
//!     .build()?;
//! # std::fs::remove_file(&file).unwrap();
//! # let _ = aura;
//! # Ok(())
//! # }
//! ```
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
//! - `webdriver`: sessions from a real browser, through chromedriver,
//!   geckodriver or Selenium.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod builder;
mod config;
mod decoder;
mod failure;
mod list;
mod models;
mod openai_stream;
mod provider;

pub use body::DEFAULT_TOKEN_LIMIT;
pub use builder::AuraBuilder;
#[cfg(feature = "webdriver")]
pub use chatwire_browser::Browser;
pub use chatwire_browser::{
    BrowserSession, SessionClient, SessionConfig, SessionOptions, SessionRequest, SessionSource,
};
pub use chatwire_core::{
    Capabilities, ChatRequest, Error, ErrorKind, Extra, Finish, FinishReason, HttpConfig, Image,
    IncompleteReply, Limit, Message, Messages, ModelInfo, Parameter, Part, ProgressKind, Provider,
    ProviderExt, ProviderInfo, Reply, ReplyEvent, ReplyStream, Role, Secret, TimeoutPhase, Usage,
};
pub use config::{Config, SETTINGS, Server};
pub use decoder::AuraDecoder;
pub use provider::{Aura, HISTORICAL_BASE_URL, NAME};
