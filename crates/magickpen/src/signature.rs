use std::hash::{BuildHasher as _, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use md5::{Digest as _, Md5};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

/// A constant of the site's scripts, part of every signature.
const SALT: &str = "TGDBU9zCgM";

/// The signature of one request, by which the server recognises its own scripts.
#[derive(Debug)]
pub(crate) struct Signature {
    /// Unix time in milliseconds.
    pub(crate) timestamp: String,
    /// A random decimal fraction in [0, 1).
    pub(crate) nonce: String,
    /// The MD5 of timestamp, nonce and salt, in lowercase hexadecimal.
    pub(crate) digest: String,
}

impl Signature {
    pub(crate) fn fresh() -> Signature {
        let millis = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        // The nonce only has to differ from one request to the next, so the
        // seeds of the standard library's hash maps are random enough.
        let mut random = SmallRng::seed_from_u64(RandomState::new().hash_one(millis));
        Signature::of(millis.to_string(), random.random::<f64>().to_string())
    }

    fn of(timestamp: String, nonce: String) -> Signature {
        // The site's scripts sort the three parts before they concatenate them.
        let mut parts = [SALT, timestamp.as_str(), nonce.as_str()];
        parts.sort_unstable();
        let digest = u128::from_be_bytes(Md5::digest(parts.concat()).into());
        Signature {
            timestamp,
            nonce,
            digest: format!("{digest:032x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Signature;

    /// Vectors of the original implementation.
    const VECTORS: &str = include_str!("../tests/data/signature_vectors.json");

    #[test]
    fn signatures_are_those_of_the_original() {
        let vectors: Vec<serde_json::Value> = serde_json::from_str(VECTORS).unwrap();
        assert!(!vectors.is_empty());
        for vector in vectors {
            let text = |name: &str| vector[name].as_str().unwrap().to_owned();
            let signature = Signature::of(text("timestamp"), text("nonce"));
            assert_eq!(signature.digest, text("md5"), "{vector}");
        }
    }

    #[test]
    fn fresh_ones_differ_and_are_decimal_fractions() {
        let nonces: std::collections::HashSet<String> =
            (0..1000).map(|_| Signature::fresh().nonce).collect();
        assert_eq!(nonces.len(), 1000);
        for nonce in nonces {
            let value: f64 = nonce.parse().unwrap();
            assert!(
                (0.0..1.0).contains(&value) && !nonce.contains('e'),
                "{nonce}"
            );
        }
    }
}
