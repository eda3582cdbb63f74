//! Reading what may have no end: a device, a pipe, a file that grows.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The longest text that is read, in MiB: more than any model takes.
const MAX_MIB: u64 = 64;

/// Reads a whole file.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    read_rest(&mut File::open(path)?, &mut content)?;
    Ok(content)
}

/// Reads to the end, and adds it to what there is.
pub(crate) fn read_rest(source: &mut impl Read, content: &mut Vec<u8>) -> io::Result<()> {
    let max = MAX_MIB * 1024 * 1024;
    let read = source.take(max + 1).read_to_end(content)?;
    if u64::try_from(read).is_ok_and(|read| read > max) {
        return Err(io::Error::other(format!("it has more than {MAX_MIB} MiB")));
    }
    Ok(())
}
