//! Providers made of providers.

mod fallback;
mod retry;

pub use fallback::Fallback;
pub use retry::Retry;
