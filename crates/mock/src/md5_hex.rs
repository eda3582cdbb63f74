//! MD5 as lowercase hexadecimal text.

use md5::{Digest as _, Md5};

pub(crate) fn md5_hex(text: &str) -> String {
    format!("{:032x}", u128::from_be_bytes(Md5::digest(text).into()))
}
