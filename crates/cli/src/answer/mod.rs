//! One answer on standard output, and what is reported about it.

mod ahead;
mod json;
mod meter;
mod output;
mod pictures;

pub(crate) use ahead::ReadAhead;
pub(crate) use meter::Meter;
pub(crate) use output::Output;
pub(crate) use pictures::save as save_pictures;
