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
    /// The format in words, without an article, which is `a`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Format::Own => "session of chatwire",
            Format::Extension => "cookie export of a browser extension",
            Format::Netscape => "Netscape cookies.txt",
            Format::Har => "HAR file",
        }
    }
}
