//! One answer on standard output, and what is reported about it.

mod json;
mod meter;
mod output;
mod pictures;

pub(crate) use meter::Meter;
pub(crate) use output::Output;
pub(crate) use pictures::save as save_pictures;
