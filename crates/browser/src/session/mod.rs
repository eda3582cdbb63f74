//! The session itself: what a browser has for a server, and what it sends.

mod address;
mod cookie;
mod headers;
mod parts;
mod value;

pub(crate) use address::leads_to;
#[cfg(feature = "webdriver")]
pub(crate) use address::shown;
pub(crate) use cookie::Cookie;
#[cfg(feature = "webdriver")]
pub(crate) use headers::Brand;
pub(crate) use headers::{ClientHints, languages};
pub(crate) use parts::SessionParts;
pub use value::BrowserSession;
