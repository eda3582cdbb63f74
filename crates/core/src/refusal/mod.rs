//! What servers say instead of an answer: refusals in words, pages, JSON with
//! noise around it, and how long to wait.
//!
//! Everything here is a pure function, and linear in its input: of a body that
//! is not an answer, at most the first [64 KiB](JUDGED) are judged.

mod json;
mod judged;
mod page;
mod plain;
mod response;
mod words;

pub use json::{json_in, message_in_json};
pub use judged::JUDGED;
pub(crate) use page::{Opening, opening};
pub use page::{first_line, is_html_page, page_error, page_title};
pub use plain::plain_text;
pub(crate) use response::add_response;
pub use response::{ErrorResponse, from_words, unreadable};
pub use words::{is_quota, is_temporary, kind_from_words};

pub(crate) use crate::wait::wait_in;
pub use crate::wait::{wait_from_header, wait_from_words};
