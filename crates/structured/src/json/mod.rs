//! JSON in the answers of models: finding, mending and validating it.
//!
//! [`read`] does all three. Its steps can also be used by themselves:
//! [`mend`] and [`Schema::check`].

mod invalid;
mod read;
mod schema;
mod value;

pub use invalid::{Invalid, InvalidKind};
pub use read::read;
pub use schema::{Schema, SchemaError, Violation};
