use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Draws names that nobody can guess from one another: keyed hashes of a counter.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    keys: RandomState,
    next: AtomicU64,
}

impl Ids {
    /// Returns 8 hexadecimal digits.
    pub(crate) fn short(&self) -> String {
        format!("{:08x}", self.draw() & 0xffff_ffff)
    }

    /// Returns 24 hexadecimal digits.
    pub(crate) fn long(&self) -> String {
        format!("{:016x}{}", self.draw(), self.short())
    }

    fn draw(&self) -> u64 {
        self.keys
            .hash_one(self.next.fetch_add(1, Ordering::Relaxed))
    }
}
