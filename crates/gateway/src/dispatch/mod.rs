//! From a request to its reply: which provider answers, how it is asked, and
//! how its events become a completion.

pub(crate) mod endpoint;
mod failure;
mod images;
pub(crate) mod metrics;
pub(crate) mod reader;
pub(crate) mod reply;
pub(crate) mod reply_body;
pub(crate) mod route;
pub(crate) mod routing;
pub(crate) mod stop;
mod target;
mod wording;
