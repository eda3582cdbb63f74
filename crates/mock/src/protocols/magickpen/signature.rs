use crate::md5_hex::md5_hex;

pub(crate) const SALT: &str = "TGDBU9zCgM";

/// The signature that belongs to this timestamp and nonce.
pub(crate) fn signature(timestamp: &str, nonce: &str) -> String {
    let mut parts = [SALT, timestamp, nonce];
    parts.sort_unstable();
    md5_hex(&parts.concat())
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn as_recorded() {
        for (timestamp, nonce, md5) in [
            (
                "1729445594000",
                "0.8444218515250481",
                "2cc3cd40e4c20f5ab0e7772602b01c55",
            ),
            (
                "1729445594000",
                "5.960464477539063e-08",
                "95bb2f7384e923c5f7ce9b817656b20f",
            ),
            ("999", "0.1", "8b9db7e134353a83c177cbb2420a549b"),
        ] {
            assert_eq!(signature(timestamp, nonce), md5, "{nonce}");
        }
    }
}
