//! The protocols that there are mocks of.

mod ai_engine;
mod ai_sdk;
mod anthropic;
mod aura;
mod magickpen;
mod model_api;
mod openai;
mod responses;

pub use ai_engine::*;
pub use ai_sdk::*;
pub use anthropic::*;
pub use aura::*;
pub use magickpen::*;
pub use model_api::*;
pub use openai::*;
pub use responses::*;
