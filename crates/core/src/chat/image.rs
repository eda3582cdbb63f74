use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;

use crate::error::{Error, ErrorKind};

/// Reads base64 with and without padding, because both are sent, and writes it
/// with padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An image in a message: its bytes and their media type.
///
/// Cloning it does not copy the bytes. In JSON it is a data URL. URLs of images
/// on servers are not read, because nothing here fetches them.
///
/// ```
/// use chatwire_core::{Image, Message};
///
/// let png = b"\x89PNG\r\n\x1a\n...";
/// let image = Image::from_bytes(*png)?.with_file_name("chart.png");
/// assert_eq!(image.media_type(), "image/png");
/// let message = Message::user("What does this show?").with_part(image);
/// # let _ = message;
/// # Ok::<(), chatwire_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    media_type: String,
    bytes: Arc<[u8]>,
    file_name: Option<String>,
}

impl Image {
    /// Creates an image of that media type, for example `image/png`.
    pub fn new(media_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Image {
        Image {
            media_type: media_type.into(),
            bytes: bytes.into().into(),
            file_name: None,
        }
    }

    /// Creates an image and detects its media type by its first bytes: PNG, JPEG,
    /// GIF, WebP, BMP, AVIF or HEIC.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the bytes are none of these.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Result<Image, Error> {
        let bytes = bytes.into();
        match recognise(&bytes) {
            Some(media_type) => Ok(Image::new(media_type, bytes)),
            None => Err(Error::new(
                ErrorKind::InvalidRequest,
                "the image is not PNG, JPEG, GIF, WebP, BMP, AVIF or HEIC: \
                 give its media type with it if it is another one",
            )),
        }
    }

    /// Decodes an image from a data URL: `data:image/png;base64,…`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if it is not the data URL of an image, or if
    /// its base64 is invalid.
    pub fn from_data_url(url: &str) -> Result<Image, Error> {
        let invalid = |why: &str| Err(Error::new(ErrorKind::InvalidRequest, why));
        let Some((head, data)) = without_scheme(url).and_then(|rest| rest.split_once(',')) else {
            return invalid("the image is not a data URL: it must begin with data:image/");
        };
        let (media_type, is_base64) = match head.rsplit_once(';') {
            Some((before, last)) if last.trim().eq_ignore_ascii_case("base64") => (before, true),
            _ => (head, false),
        };
        // Parameters, such as a charset, mean nothing for an image.
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !is_image(media_type) {
            return invalid("the data URL is not of an image: it must begin with data:image/");
        }
        let bytes: Vec<u8> = percent_decode_str(data).collect();
        let bytes = if is_base64 {
            match BASE64.decode(&bytes) {
                Ok(bytes) => bytes,
                Err(_) => return invalid("the data URL of the image is not valid base64"),
            }
        } else {
            bytes
        };
        if bytes.is_empty() {
            return invalid("the data URL of the image has no data");
        }
        Ok(Image::new(media_type.to_ascii_lowercase(), bytes))
    }

    /// Sets the name of the file, which some protocols send along.
    #[must_use]
    pub fn with_file_name(mut self, name: impl Into<String>) -> Image {
        self.file_name = Some(name.into());
        self
    }

    /// Returns the media type, for example `image/png`.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// Returns the bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the name of the file, if it is known.
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// Encodes the image as a data URL.
    pub fn to_data_url(&self) -> String {
        let mut url = format!("data:{};base64,", self.media_type);
        BASE64.encode_string(&self.bytes, &mut url);
        url
    }
}

/// Shows the number of the bytes instead of the bytes.
impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image")
            .field("media_type", &self.media_type)
            .field("bytes", &self.bytes.len())
            .field("file_name", &self.file_name)
            .finish()
    }
}

/// Returns whether a URL is the data URL of an image.
pub(super) fn is_image_data_url(url: &str) -> bool {
    without_scheme(url).is_some_and(is_image)
}

fn without_scheme(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_at_checked("data:".len())?;
    scheme.eq_ignore_ascii_case("data:").then_some(rest)
}

fn is_image(media_type: &str) -> bool {
    let (start, rest) = match media_type.split_at_checked("image/".len()) {
        Some(parts) => parts,
        None => return false,
    };
    start.eq_ignore_ascii_case("image/") && !rest.is_empty()
}

fn recognise(bytes: &[u8]) -> Option<&'static str> {
    let at = |from: usize, magic: &[u8]| bytes.get(from..).is_some_and(|b| b.starts_with(magic));
    // ISO media files have a brand after the size and the type of their first box.
    let brand = |brand: &[u8]| at(4, b"ftyp") && at(8, brand);
    let found = if at(0, b"\x89PNG\r\n\x1a\n") {
        "image/png"
    } else if at(0, b"\xff\xd8\xff") {
        "image/jpeg"
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        "image/gif"
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        "image/webp"
    } else if at(0, b"BM") {
        "image/bmp"
    } else if brand(b"avif") {
        "image/avif"
    } else if brand(b"heic") || brand(b"heix") {
        "image/heic"
    } else {
        return None;
    };
    Some(found)
}
