//! One answer on standard output, and what is reported about it.

mod json;
mod meter;
mod output;

pub(crate) use meter::Meter;
pub(crate) use output::Output;
