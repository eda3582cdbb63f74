//! The examples of every README are compiled, and run where they say so.

#[doc = include_str!("../../README.md")]
mod house {}

#[doc = include_str!("../../crates/ai-sdk/README.md")]
mod ai_sdk {}

#[doc = include_str!("../../crates/aura/README.md")]
mod aura {}

#[doc = include_str!("../../crates/browser/README.md")]
mod browser {}

#[doc = include_str!("../../crates/chatgpt4online/README.md")]
mod chatgpt4online {}

#[doc = include_str!("../../crates/chatwire/README.md")]
mod chatwire {}

#[doc = include_str!("../../crates/cli/README.md")]
mod cli {}

#[doc = include_str!("../../crates/config/README.md")]
mod config {}

#[doc = include_str!("../../crates/core/README.md")]
mod core {}

#[doc = include_str!("../../crates/gateway/README.md")]
mod gateway {}

#[doc = include_str!("../../crates/magickpen/README.md")]
mod magickpen {}

#[doc = include_str!("../../crates/mock/README.md")]
mod mock {}

#[doc = include_str!("../../crates/structured/README.md")]
mod structured {}
