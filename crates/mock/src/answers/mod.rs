//! One HTTP answer, down to its bytes.

mod answer;
mod gate;
mod reason;
mod recording;

pub use answer::{Answer, Ending, Framing, HeadFault, Step};
pub use gate::Gate;
pub use recording::RecordingError;

pub(crate) use answer::copy;
pub(crate) use reason::latin1;
