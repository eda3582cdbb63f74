use std::time::{SystemTime, UNIX_EPOCH};

/// The third part of every signature, a constant of the site's scripts.
const SALT: &str = "TGDBU9zCgM";

/// What proves to the server that a request was made by its own scripts; fresh
/// for every request.
#[derive(Debug)]
pub(crate) struct Signature {
    /// Unix time in milliseconds.
    pub(crate) timestamp: String,
    /// A random decimal fraction in [0, 1).
    pub(crate) nonce: String,
    /// The lowercase hex MD5 over both and the salt.
    pub(crate) digest: String,
}

impl Signature {
    pub(crate) fn fresh() -> Signature {
        let millis = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        Signature::of(millis.to_string(), fastrand::f64().to_string())
    }

    fn of(timestamp: String, nonce: String) -> Signature {
        // Which of nonce and timestamp comes first depends on their digits.
        let mut parts = [SALT, timestamp.as_str(), nonce.as_str()];
        parts.sort_unstable();
        let digest = format!("{:x}", md5::compute(parts.concat()));
        Signature {
            timestamp,
            nonce,
            digest,
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
