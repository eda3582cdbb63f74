use std::hash::{BuildHasher as _, RandomState};

/// A fresh id for a chat or a message: a random UUID.
pub(crate) fn new_id() -> String {
    // Its keys come from the operating system, and no two are the same. An id
    // is no secret, so that much is enough.
    let random = || RandomState::new().hash_one(0);
    let (high, low) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}
