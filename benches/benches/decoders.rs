//! To do.
fn main() {}
