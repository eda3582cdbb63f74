//! Texts that must not be seen, and what keeps them out of errors.

mod needles;
mod reading;
mod redactor;
#[allow(clippy::module_inception)]
mod secret;
mod spellings;

pub use redactor::Redactor;
pub use secret::Secret;
