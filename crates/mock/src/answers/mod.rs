//! One HTTP answer, down to its bytes.

mod answer;
mod ending;
mod fault;
mod gate;
mod live;
mod reason;
mod recording;
mod spoil;

pub use answer::{Answer, Framing, HeadFault, Step};
pub use ending::Ending;
pub use fault::{Fault, FaultEffect, UnknownFault};
pub use gate::Gate;
pub use live::{LiveBody, LiveSender};
pub use recording::RecordingError;

pub(crate) use answer::copy;
pub(crate) use live::Live;
pub(crate) use reason::latin1;
pub(crate) use spoil::{Failure, spoil};
