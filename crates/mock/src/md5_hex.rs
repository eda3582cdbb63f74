//! MD5 as lowercase hexadecimal text.

use md5::{Digest, Md5};

pub(crate) fn md5_hex(text: &str) -> String {
    use std::fmt::Write;
    Md5::digest(text.as_bytes())
        .iter()
        .fold(String::new(), |mut hex, byte| {
            // Writing to a `String` cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}
