//! What holds for servers built with the AI SDK: every recording of a real one.

mod differences;
mod reader;
mod recordings;
