//! MD5 as lowercase hexadecimal text.

pub(crate) fn md5_hex(text: &str) -> String {
    format!("{:x}", md5::compute(text))
}
