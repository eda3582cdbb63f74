use bytes::{BufMut as _, BytesMut};

/// Writes a comment that keeps the connection in use.
pub(crate) fn keep_alive(out: &mut BytesMut) {
    out.put_slice(b": keep-alive\n\n");
}

/// Writes a doubt as a comment: clients pass over it, people who look at the
/// stream see it.
pub(crate) fn doubt(out: &mut BytesMut, words: &str) {
    out.put_slice(b": doubt: ");
    for (index, line) in words.split(['\r', '\n']).enumerate() {
        if index > 0 {
            out.put_u8(b' ');
        }
        out.put_slice(line.as_bytes());
    }
    out.put_slice(b"\n\n");
}
