use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Generates ids that do not repeat and cannot be guessed from one another:
/// keyed hashes of a counter.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    keys: RandomState,
    next: AtomicU64,
}

impl Ids {
    /// Returns the next id, with a prefix.
    pub(crate) fn next(&self, prefix: &str) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut hasher = self.keys.build_hasher();
        hasher.write_u64(number);
        let high = hasher.finish();
        hasher.write_u8(1);
        format!("{prefix}{high:016x}{:08x}", hasher.finish() as u32)
    }
}

/// Seconds since 1970.
pub(crate) fn unix_time() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ() {
        let ids = Ids::default();
        let first = ids.next("req_");
        assert_eq!(first.len(), "req_".len() + 24);
        assert_ne!(first, ids.next("req_"));
    }
}
