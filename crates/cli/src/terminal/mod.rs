//! The terminal: what it is sent, and what is typed.

mod editor;
mod fence;
mod filter;
mod markdown;
mod reasoning;
mod say;
mod size;
mod spinner;
mod style;
pub(crate) mod warnings;
mod writer;

pub(crate) use editor::{Lines, Typed};
pub(crate) use fence::first_code_block;
pub(crate) use filter::without_controls;
pub(crate) use reasoning::Reasoning;
pub(crate) use say::{print, say, say_over};
pub(crate) use spinner::Spinner;
pub(crate) use style::Style;
pub(crate) use warnings::show_warnings;
pub(crate) use writer::TextWriter;
