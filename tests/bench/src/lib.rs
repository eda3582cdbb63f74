//! What the benchmarks share: the bodies, paired measurement, and the fast
//! server as a process of its own.
//!
//! Every figure is a ratio to a floor or a peer that was measured in the same
//! run. The README beside has the table and the commands.

mod bodies;
mod measure;
mod server_process;

pub use bodies::{ServerEvents, live_event, openai_event, text_of, ui_event};
pub use measure::{Clock, Verdict, median, paired, ratios, spread};
pub use server_process::FastServer;
