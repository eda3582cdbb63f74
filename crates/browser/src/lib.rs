//! Browser sessions for chat providers: the cookies, user agent, languages and
//! client hints of a browser, so that a provider's requests are taken where
//! only the browser's are.
//!
//! A provider holds one [`SessionClient`] in place of its HTTP client. Users
//! say in [`SessionOptions`] where sessions come from; without any, requests
//! are sent as they are:
//!
//! ```
//! use chatwire_browser::{SessionClient, SessionOptions};
//! use chatwire_core::provider_kit::{BaseUrl, HttpRequest};
//! use chatwire_core::{Error, HttpConfig};
//! # use chatwire_browser::BrowserSession;
//! # use chatwire_mock::{Answer, MockServer};
//!
//! struct Example {
//!     client: SessionClient,
//! }
//!
//! impl Example {
//!     fn new(base_url: &str, sessions: SessionOptions) -> Result<Example, Error> {
//!         let base = BaseUrl::parse(base_url)?;
//!         let client = SessionClient::new("example", HttpConfig::new(), base, sessions)?;
//!         Ok(Example { client })
//!     }
//!
//!     async fn ask(&self, prompt: &'static str) -> Result<String, Error> {
//!         // Refused with 401 or 403: sent once more with a new session.
//!         let request = |base: &BaseUrl| Ok(HttpRequest::post(base.join("/ask")?).body(prompt));
//!         let response = self.client.send(request).await?;
//!         match response.is_success() {
//!             true => response.into_page().await,
//!             false => Err(self.client.explain(response.into_error().await)),
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = MockServer::start().await?;
//! # server.answer_with(|request| match request.header("cookie") {
//! #     Some("member=d2h5") => Some(Answer::text(["It scatters blue light."])),
//! #     _ => Some(Answer::status(401)),
//! # });
//! # let url = server.url();
//! # let session = BrowserSession::from_json(&format!(
//! #     r#"{{"address": "{url}", "cookies": [{{"name": "member", "value": "d2h5"}}]}}"#
//! # ))?;
//! let sessions = SessionOptions::new().with_session(session);
//! let example = Example::new(&url, sessions)?;
//! assert_eq!(example.ask("Why is the sky blue?").await?, "It scatters blue light.");
//! # Ok(())
//! # }
//! ```
//!
//! # Where sessions come from
//!
//! - A [`BrowserSession`] that was kept before.
//! - A [file](SessionOptions::with_file): one that chatwire wrote, a Netscape
//!   `cookies.txt`, the JSON of a browser extension, or a HAR file.
//! - A [source](SessionSource): a real browser (`Browser`, with the feature
//!   `webdriver`), or your own way to log in.
//!
//! A provider that is configured by name or from files has a [`SessionConfig`]
//! as a field of its configuration, and gets its options from
//! [`apply`](SessionConfig::apply).
//!
//! # No disguises
//!
//! The browser is an ordinary one under remote control, says so to every page
//! that asks, and what it gets is what is used. A page that wants a person to
//! log in, or to prove that they are one, waits for that person: give the
//! browser a window and time.
//!
//! # Features
//!
//! - `webdriver`: sessions from a real browser, through chromedriver,
//!   geckodriver or Selenium. It brings no further crate.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod active;
mod client;
mod config;
mod file;
mod import;
mod options;
mod session;
mod source;
#[cfg(feature = "webdriver")]
mod webdriver;

pub use active::ActiveSession;
pub use client::SessionClient;
pub use config::{SESSION_SETTINGS, SessionConfig};
pub use options::SessionOptions;
pub use session::BrowserSession;
pub use source::{SessionRequest, SessionSource};
#[cfg(feature = "webdriver")]
pub use webdriver::Browser;
