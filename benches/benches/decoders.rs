//! To do.
fn main(){}
