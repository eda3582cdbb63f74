//! Providers made of providers.

mod attempt;
mod fallback;
mod random;
mod retry;

pub use attempt::FailedAttempt;
pub use fallback::Fallback;
pub use retry::Retry;
