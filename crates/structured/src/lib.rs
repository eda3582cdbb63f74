//! Structured output and tool calling for chat providers that answer in plain
//! text.
//!
//! ```
//! use chatwire_core::{ChatRequest, JsonSchema, ProviderExt, ResponseFormat};
//! use chatwire_structured::Structured;
//! use serde_json::json;
//!
//! # use chatwire_aura::Aura;
//! # use chatwire_mock::{Answer, AuraMock};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = AuraMock::start().await?;
//! # server.answer(Answer::stream(["Of course:\n```json\n{\"name\": ", "\"Tokyo\"}\n```"]));
//! # let aura = Aura::builder().base_url(server.url()).build()?;
//! // Any provider, here one of `chatwire-aura`.
//! let provider = Structured::new(aura);
//! let city = JsonSchema::new("city", json!({
//!     "type": "object",
//!     "properties": { "name": { "type": "string" } },
//!     "required": ["name"],
//! }));
//! let request = ChatRequest::new("Which city is the largest?")
//!     .with_response_format(ResponseFormat::JsonSchema(city));
//! let reply = provider.reply(&request).await?;
//! assert_eq!(reply.text, r#"{"name": "Tokyo"}"#);
//! # Ok(())
//! # }
//! ```
//!
//! [`Structured`] says how it works, and [`Prompts`] which instructions the model
//! gets. [`json`] reads JSON in answers by itself.
//!
//! # Features
//!
//! - `schemars` (off by default): `ReplyJson`, answers as your own types.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod excerpt;
mod failure;
mod held;
mod ids;
mod instructions;
pub mod json;
mod prompts;
mod ready;
#[cfg(feature = "schemars")]
mod reply_json;
mod shape;
mod spent;
mod structured;
mod tools;

pub use prompts::Prompts;
#[cfg(feature = "schemars")]
pub use reply_json::ReplyJson;
pub use structured::Structured;
