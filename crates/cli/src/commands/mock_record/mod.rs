//! `chatwire mock --record`: a proxy that writes down what a server sends.

mod recorder;
mod room;
mod secrets;
mod write;

pub(super) use recorder::{Recorder, start};
