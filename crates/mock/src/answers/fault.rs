//! The faults that an answer can have, by name.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Something that goes wrong with an answer, whatever the protocol.
///
/// Every fault has a name, which [`FromStr`] reads: `body-stall`, or `body-stall=17` with the
/// value that some take. [`Fault::all`] lists them.
///
/// ```
/// use chatwire_mock::{Fault, FaultEffect};
///
/// let fault: Fault = "body-reset=100".parse()?;
/// assert_eq!(fault, Fault::ResetBody(Some(100)));
/// assert_eq!(fault.effect(), FaultEffect::Broken);
/// assert_eq!(fault.to_string(), "body-reset=100");
/// # Ok::<(), chatwire_mock::UnknownFault>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// `close`: the connection is closed before the head.
    CloseBeforeHead,
    /// `reset`: the connection is reset before the head.
    ResetBeforeHead,
    /// `stall`: nothing comes, and the connection stays open.
    StallBeforeHead,
    /// `head-close`: the connection is closed after this many bytes of the head.
    CloseInHead(usize),
    /// `head-reset`: the connection is reset after this many bytes of the head.
    ResetInHead(usize),
    /// `head-stall`: silence after this many bytes of the head.
    StallInHead(usize),
    /// `body-close`: the connection is closed after this many bytes of the body; `None` is half.
    CloseBody(Option<u64>),
    /// `body-reset`: the connection is reset after this many bytes of the body; `None` is half.
    ResetBody(Option<u64>),
    /// `body-stall`: silence after this many bytes of the body; `None` is half.
    StallBody(Option<u64>),
    /// `event-cut`: the body ends after this many events as if that were all, where the protocol
    /// has events, and otherwise in its middle; `None` is half of them.
    CutAtEvent(Option<usize>),
    /// `length-short`: the `Content-Length` is half of what is sent.
    ShortLength,
    /// `length-long`: the `Content-Length` is more than what is sent.
    LongLength,
    /// `bad-chunk`: the length of a chunk in the middle is not a number.
    BadChunk,
    /// `no-last-chunk`: all of the body comes, but not the chunk that ends it.
    NoLastChunk,
    /// `drip`: the answer comes byte by byte with this pause between two; nothing is wrong with it.
    Drip(Duration),
    /// `flood`: in the middle, the same is said over and over, up to this many bytes or for ever.
    Flood(Option<u64>),
    /// `late-error`: in the middle, the server says in its protocol that the model failed. Where
    /// the protocol has no words for that, the connection is closed.
    LateError,
    /// `error`: the server says that the model failed before its first word.
    Error,
    /// `rate-limit`: the same with status 429 and `Retry-After: 1`.
    RateLimit,
    /// `html`: an HTML page with status 200.
    Html,
    /// `empty`: status 200 without a body.
    Empty,
}

/// What an answer with a fault is to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultEffect {
    /// It is whole, and only comes in an unusual way.
    Whole,
    /// It is not whole, or no answer at all.
    Broken,
    /// All of it comes, but the end of the message is broken. A protocol with an end mark of its
    /// own lets a client take it for whole; a careful one may also say that something is wrong.
    Unclear,
}

/// A name that no fault has, or a value that it does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnknownFault(String);

/// How much of a head comes before it breaks off, unless the user says otherwise.
const HEAD: usize = 30;
/// The pause of a drip, unless the user says otherwise.
const DRIP: Duration = Duration::from_millis(1);

impl Fault {
    /// Returns every fault once, with its usual value.
    pub fn all() -> [Self; 21] {
        [
            Self::CloseBeforeHead,
            Self::ResetBeforeHead,
            Self::StallBeforeHead,
            Self::CloseInHead(HEAD),
            Self::ResetInHead(HEAD),
            Self::StallInHead(HEAD),
            Self::CloseBody(None),
            Self::ResetBody(None),
            Self::StallBody(None),
            Self::CutAtEvent(None),
            Self::ShortLength,
            Self::LongLength,
            Self::BadChunk,
            Self::NoLastChunk,
            Self::Drip(DRIP),
            Self::Flood(None),
            Self::LateError,
            Self::Error,
            Self::RateLimit,
            Self::Html,
            Self::Empty,
        ]
    }

    /// Returns the fault's name, without a value.
    pub fn name(&self) -> &'static str {
        match self {
            Self::CloseBeforeHead => "close",
            Self::ResetBeforeHead => "reset",
            Self::StallBeforeHead => "stall",
            Self::CloseInHead(_) => "head-close",
            Self::ResetInHead(_) => "head-reset",
            Self::StallInHead(_) => "head-stall",
            Self::CloseBody(_) => "body-close",
            Self::ResetBody(_) => "body-reset",
            Self::StallBody(_) => "body-stall",
            Self::CutAtEvent(_) => "event-cut",
            Self::ShortLength => "length-short",
            Self::LongLength => "length-long",
            Self::BadChunk => "bad-chunk",
            Self::NoLastChunk => "no-last-chunk",
            Self::Drip(_) => "drip",
            Self::Flood(_) => "flood",
            Self::LateError => "late-error",
            Self::Error => "error",
            Self::RateLimit => "rate-limit",
            Self::Html => "html",
            Self::Empty => "empty",
        }
    }

    /// Returns what happens, in a few words.
    pub fn description(&self) -> &'static str {
        match self {
            Self::CloseBeforeHead => "closes the connection before the head",
            Self::ResetBeforeHead => "resets the connection before the head",
            Self::StallBeforeHead => "never sends anything",
            Self::CloseInHead(_) => "closes the connection in the head, after N bytes",
            Self::ResetInHead(_) => "resets the connection in the head, after N bytes",
            Self::StallInHead(_) => "falls silent in the head, after N bytes",
            Self::CloseBody(_) => "closes the connection in the body, after N bytes",
            Self::ResetBody(_) => "resets the connection in the body, after N bytes",
            Self::StallBody(_) => "falls silent in the body, after N bytes",
            Self::CutAtEvent(_) => "ends the body properly after N events, as if it were whole",
            Self::ShortLength => "says a Content-Length of half the body",
            Self::LongLength => "says a Content-Length beyond the body",
            Self::BadChunk => "says a length that is no number in the middle of a chunked body",
            Self::NoLastChunk => "leaves out the chunk that ends the body",
            Self::Drip(_) => "sends byte by byte, N milliseconds apart; all is in order",
            Self::Flood(_) => "says the same over and over, for N bytes or for ever",
            Self::LateError => "says in the middle of the answer that the model failed",
            Self::Error => "says at once that the model failed",
            Self::RateLimit => "says that there were too many requests (429)",
            Self::Html => "sends an HTML page with status 200",
            Self::Empty => "sends status 200 without a body",
        }
    }

    /// Returns what an answer with this fault is to a client.
    pub fn effect(&self) -> FaultEffect {
        match self {
            Self::Drip(_) => FaultEffect::Whole,
            Self::LongLength | Self::NoLastChunk => FaultEffect::Unclear,
            _ => FaultEffect::Broken,
        }
    }

    /// Returns whether the fault strikes before any of the answer is sent.
    pub fn is_before_head(&self) -> bool {
        matches!(
            self,
            Self::CloseBeforeHead | Self::ResetBeforeHead | Self::StallBeforeHead
        )
    }

    /// Returns whether the fault takes a value, as in `body-stall=17`.
    pub fn takes_value(&self) -> bool {
        self.with_value(0).is_some()
    }

    /// The value, if it has one other than the usual.
    fn value(&self) -> Option<u64> {
        let size = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
        match *self {
            Self::CloseInHead(bytes) | Self::ResetInHead(bytes) | Self::StallInHead(bytes) => {
                (bytes != HEAD).then_some(size(bytes))
            }
            Self::CloseBody(bytes) | Self::ResetBody(bytes) | Self::StallBody(bytes) => bytes,
            Self::Flood(bytes) => bytes,
            Self::CutAtEvent(events) => events.map(size),
            Self::Drip(pause) => {
                let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                (pause != DRIP).then_some(millis)
            }
            _ => None,
        }
    }

    /// The same fault with this value; `None` if it takes none.
    fn with_value(self, value: u64) -> Option<Self> {
        let size = usize::try_from(value).unwrap_or(usize::MAX);
        Some(match self {
            Self::CloseInHead(_) => Self::CloseInHead(size),
            Self::ResetInHead(_) => Self::ResetInHead(size),
            Self::StallInHead(_) => Self::StallInHead(size),
            Self::CloseBody(_) => Self::CloseBody(Some(value)),
            Self::ResetBody(_) => Self::ResetBody(Some(value)),
            Self::StallBody(_) => Self::StallBody(Some(value)),
            Self::CutAtEvent(_) => Self::CutAtEvent(Some(size)),
            Self::Drip(_) => Self::Drip(Duration::from_millis(value)),
            Self::Flood(_) => Self::Flood(Some(value)),
            _ => return None,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self.value() {
            Some(value) => write!(f, "={value}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let found = Self::all().into_iter().find(|fault| fault.name() == name);
        let Some(fault) = found else {
            let names = Self::all().map(|fault| fault.name()).join(", ");
            let message = format!("no fault {name:?}; there are {names}");
            return Err(UnknownFault(message));
        };
        let Some(value) = value else {
            return Ok(fault);
        };
        let number = value
            .parse()
            .map_err(|_| UnknownFault(format!("the value of {name} is a number, not {value:?}")))?;
        fault
            .with_value(number)
            .ok_or_else(|| UnknownFault(format!("{name} takes no value")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for fault in Fault::all() {
            assert_eq!(fault.name().parse(), Ok(fault));
            assert_eq!(fault.to_string(), fault.name());
            assert!(!fault.description().is_empty());
            let other = fault.with_value(77);
            assert_eq!(other.is_some(), fault.takes_value());
            if let Some(other) = other {
                assert_eq!(other.to_string(), format!("{}=77", fault.name()));
                assert_eq!(other.to_string().parse(), Ok(other));
            }
        }
        for (text, words) in [
            ("nonsense", "there are close, reset"),
            ("", "there are"),
            ("close=1", "takes no value"),
            ("body-close=x", "is a number"),
            ("body-close=-1", "is a number"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
