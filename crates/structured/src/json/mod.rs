//! JSON in the answers of models: finding, mending and validating it.
//!
//! [`read`] does all three; [`Schema::check`] only validates.

mod cost;
mod find;
mod invalid;
mod mend;
mod read;
mod schema;
mod token;
mod value;

pub use invalid::{Invalid, InvalidKind};
pub use read::read;
pub use schema::{Schema, SchemaError, Violation};
