//! The credentials' cache of `chatwire-core`, compiled with shuttle's lock in
//! place of the standard library's: shuttle then decides at each lock and each
//! await which task runs next.

#[path = "../../../crates/core/src/credentials.rs"]
mod credentials;

mod error {
    pub(crate) use chatwire_core::Error;
}

mod sync {
    pub(crate) use shuttle::sync::RwLock;
    // It hands its tasks over by waking them, which shuttle sees.
    pub(crate) use tokio::sync::Mutex;
}

pub use credentials::{Cached, CredentialCache};
