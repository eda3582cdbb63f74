//! Structured output and tool calling for chat providers that answer in plain
//! text.
//!
//! ```
//! use chatwire_core::FinishReason;
//! use chatwire_structured::json::{Schema, read};
//! use serde_json::json;
//!
//! let schema = Schema::compile(&json!({
//!     "type": "object",
//!     "properties": { "name": { "type": "string" } },
//!     "required": ["name"],
//! }))?;
//!
//! let answer = "Of course:\n```json\n{\"name\": \"Tokyo\"}\n```";
//! let city = read(answer, &FinishReason::Stop, Some(&schema))?;
//! assert_eq!(city, r#"{"name": "Tokyo"}"#);
//!
//! let wrong = read(r#"{"name": 7}"#, &FinishReason::Stop, Some(&schema)).unwrap_err();
//! assert_eq!(wrong.to_string(), r#"at /name: 7 is not of type "string""#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! - `schemars`: answers as your own types.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod json;
