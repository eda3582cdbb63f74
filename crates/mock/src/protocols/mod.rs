//! The protocols that there are mocks of.

mod ai_engine;
mod ai_sdk;
mod aura;
mod magickpen;

pub use ai_engine::*;
pub use ai_sdk::*;
pub use aura::*;
pub use magickpen::*;
