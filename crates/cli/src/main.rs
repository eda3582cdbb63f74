//! The chatwire program.
fn main() {}
