//! The locks of the credentials' cache, which `tests/model` replaces to try every
//! order in which tasks can run.

pub(crate) use std::sync::RwLock;

pub(crate) use tokio::sync::Mutex;
