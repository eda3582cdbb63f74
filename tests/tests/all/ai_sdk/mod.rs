//! What holds for servers built with the AI SDK: every recording of a real one.

mod bodies;
mod differences;
mod endings;
mod gateway;
mod reader;
mod recordings;
mod requests;
