//! The terminal: what it is sent, and what is typed.

mod editor;
mod fence;
mod filter;
mod markdown;
mod message_end;
mod mode;
mod plain;
mod reasoning;
mod say;
mod size;
mod spinner;
mod standard_output;
mod style;
pub(crate) mod warnings;
mod writer;

pub(crate) use editor::{Lines, Typed};
pub(crate) use fence::first_code_block;
pub(crate) use filter::{exact, json, prose};
pub(crate) use message_end::goes_on;
pub(crate) use mode::TerminalMode;
pub(crate) use reasoning::Reasoning;
pub(crate) use say::{print, print_json, say, say_over};
pub(crate) use spinner::Spinner;
pub(crate) use style::Style;
pub(crate) use warnings::show_warnings;
pub(crate) use writer::TextWriter;
