//! Short chapters for common tasks, each with an example that is tested.
//!
//! | you want to | chapter |
//! |---|---|
//! | choose a crate | [`crates`] |
//! | pass an answer on from your own web server while it comes | [`streaming`] |
//! | go on when a server fails | [`retries`] |
//! | get JSON, your own types or tool calls from a server that writes text | [`structured`] |
//! | test your code without a network | [`testing`] |
//! | put the gateway behind nginx or Caddy, once or several times | [`deploying`] |
//! | keep keys, conversations and the terminal safe | [`security`] |
//! | know why a site refuses, and what to do | [`refusals`] |

#[doc = include_str!("../guide/crates.md")]
pub mod crates {}

#[doc = include_str!("../guide/streaming.md")]
pub mod streaming {}

#[doc = include_str!("../guide/retries.md")]
pub mod retries {}

#[doc = include_str!("../guide/structured.md")]
pub mod structured {}

#[doc = include_str!("../guide/testing.md")]
pub mod testing {}

#[doc = include_str!("../guide/deploying.md")]
pub mod deploying {}

#[doc = include_str!("../guide/security.md")]
pub mod security {}

#[doc = include_str!("../guide/refusals.md")]
pub mod refusals {}
