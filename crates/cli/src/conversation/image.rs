//! Pictures that a question shows.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use chatwire::Image;

use crate::failure::Failure;

/// The largest picture that is read: more than servers take.
const MAX_SIZE: u64 = 32 * 1024 * 1024;

/// Reads a picture; its first bytes tell its type.
pub(crate) fn image(file: &Path) -> Result<Image, Failure> {
    let wrong = |why: String| {
        let name = file.display().to_string();
        Failure::Usage(format!("image {name:?} cannot be read: {why}"))
    };
    let opened = File::open(file).map_err(|error| wrong(error.to_string()))?;
    let mut bytes = Vec::new();
    opened
        .take(MAX_SIZE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(error.to_string()))?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(wrong(format!("it has more than {MAX_SIZE} bytes")));
    }
    let image = Image::from_bytes(bytes).map_err(|error| wrong(error.message().to_owned()))?;
    let name = file.file_name().map(|name| name.to_string_lossy());
    Ok(match name {
        Some(name) => image.with_file_name(name),
        None => image,
    })
}
