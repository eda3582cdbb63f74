//! The form of the file: its tables, their values, and where they stand.

mod document;
mod read;
mod tables;
mod value;

pub(crate) use document::{Document, Mistakes, dotted};
pub(crate) use read::read;
pub(crate) use tables::{EndpointTable, File, HttpTable, LimitsTable};
pub use value::deserialize_duration;
pub(crate) use value::{Leaf, OrOff, Source, Table};
