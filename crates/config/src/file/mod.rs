//! The form of the file: its tables, their values, and where they stand.

mod document;
mod leaf;
mod read;
mod reference;
mod scalar;
mod source;
mod tables;

pub(crate) use document::{Document, Mistakes, dotted};
pub(crate) use leaf::{Leaf, Value};
pub(crate) use read::read;
pub(crate) use reference::Reference;
pub use reference::shown_variable;
pub use scalar::deserialize_duration;
pub(crate) use scalar::{Address, Count, Item, OrOff, Tools, Usage};
pub(crate) use source::{Plain, Source};
pub(crate) use tables::{EndpointTable, File, HttpTable, LimitsTable, List};
