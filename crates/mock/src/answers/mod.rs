//! One HTTP answer, down to its bytes.

mod answer;
mod fault;
mod gate;
mod reason;
mod recording;
mod spoil;

pub use answer::{Answer, Ending, Framing, HeadFault, Step};
pub use fault::{Fault, FaultEffect, UnknownFault};
pub use gate::Gate;
pub use recording::RecordingError;

pub(crate) use answer::copy;
pub(crate) use reason::latin1;
pub(crate) use spoil::{Failure, spoil};
