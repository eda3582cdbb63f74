use chatwire_core::{Image, Part};

use super::members::JsonValue;
use crate::error::ApiError;

/// Reads the URL of an image, which must be a data URL: the gateway fetches
/// nothing, so that no request can choose whom this machine asks.
///
/// The size of the body limits how large an image can be.
pub(crate) fn from_url(url: &JsonValue<'_>) -> Result<Part, ApiError> {
    let text = url.string()?;
    let scheme = text.split(':').next().unwrap_or_default();
    if ["http", "https", "file"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Err(url.invalid(
            "is an address, and images are not fetched here: send the image as a data URL, \
             data:image/png;base64,…",
        ));
    }
    match Image::from_data_url(&text) {
        Ok(image) => Ok(Part::Image(image)),
        Err(error) => {
            let path = url.path().to_owned();
            let message = format!("{path}: {}", error.message());
            Err(ApiError::invalid(path, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::members::Members;

    #[test]
    fn only_data_urls_are_images() {
        for (url, expected) in [
            ("data:image/png;base64,iVBORw0KGgo=", Ok("image/png")),
            ("DATA:image/JPEG;base64,/9j/", Ok("image/jpeg")),
            ("https://example.org/a.png", Err("not fetched here")),
            ("HTTP://10.0.0.1/a.png", Err("not fetched here")),
            ("file:///etc/passwd", Err("not fetched here")),
            ("iVBORw0KGgo=", Err("not a data URL")),
            ("data:text/plain,x", Err("not of an image")),
            ("data:image/png;base64,?", Err("not valid base64")),
            ("data:image/png;base64,", Err("no data")),
            ("", Err("not a data URL")),
        ] {
            let body = serde_json::json!({ "url": url }).to_string();
            let value = Members::parse(body.as_bytes())
                .unwrap()
                .take("url")
                .unwrap();
            match (from_url(&value), expected) {
                (Ok(Part::Image(image)), Ok(media_type)) => {
                    assert_eq!(image.media_type(), media_type, "{url}");
                }
                (Err(error), Err(words)) => {
                    assert!(error.message.contains(words), "{url}: {}", error.message);
                    assert_eq!(error.param.as_deref(), Some("url"), "{url}");
                    assert!(!error.message.contains("passwd"), "{}", error.message);
                }
                (got, expected) => panic!("{url}: {got:?}, not {expected:?}"),
            }
        }
    }
}
