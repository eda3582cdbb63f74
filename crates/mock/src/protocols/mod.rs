//! The protocols that there are mocks of.

mod ai_engine;
mod aura;
mod magickpen;

pub use ai_engine::*;
pub use aura::*;
pub use magickpen::*;
