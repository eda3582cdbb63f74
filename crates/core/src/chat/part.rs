use super::image::Image;

/// One piece of what a [`Message`](crate::Message) says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// Text.
    Text(String),
    /// A picture.
    Image(Image),
    /// A part that this version cannot carry, by the name of its type, for
    /// example `input_audio`. Its content is not kept. A request that has one
    /// is refused rather than sent without it.
    Other(String),
}

impl From<String> for Part {
    fn from(text: String) -> Part {
        Part::Text(text)
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Part {
        Part::Text(text.to_owned())
    }
}

impl From<Image> for Part {
    fn from(image: Image) -> Part {
        Part::Image(image)
    }
}
