//! The routes, and the checks that every request passes before it reaches one.

pub(crate) mod access;
pub(crate) mod completions;
pub(crate) mod guard;
pub(crate) mod inquiries;
pub(crate) mod json;
pub(crate) mod model_list;
pub(crate) mod models;
pub(crate) mod page;
pub(crate) mod paths;
pub(crate) mod read_body;
mod router;
pub(crate) mod status;

pub(crate) use router::{router, server_router};
