//! Random numbers for spreading load. They are no secrets.

use std::hash::{BuildHasher as _, RandomState};

use rand::SeedableRng as _;
use rand::rngs::SmallRng;

/// A small generator with a seed of its own. The standard library's hash maps
/// have random seeds already, which saves a second way to ask the system.
pub(crate) fn rng() -> SmallRng {
    SmallRng::seed_from_u64(RandomState::new().hash_one(()))
}
