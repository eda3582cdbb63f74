//! The gateway in between: what goes wrong at a backend is an error in every
//! dialect, and never looks like a complete answer.

mod client;
mod cuts;
mod form;
mod matrix;
