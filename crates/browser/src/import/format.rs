/// What a session was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// [`BrowserSession::to_json`].
    Own,
    Extension,
    Netscape,
    Har,
}

impl Format {
    /// The format in words, with its article.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Format::Own => "a session of chatwire",
            Format::Extension => "the JSON export of a browser extension",
            Format::Netscape => "a Netscape cookies.txt",
            Format::Har => "a HAR file",
        }
    }
}
