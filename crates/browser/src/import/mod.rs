//! Sessions from the files of browsers and their extensions: pure functions of
//! text, linear in its length. No I/O, no clock.

mod error;
mod extension;
mod format;
mod har;
mod jar;
mod netscape;

use chatwire_core::Error;
use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use crate::session::BrowserSession;
use error::{invalid, json_error, unknown};
pub(crate) use format::Format;

/// Reads a session for the server with this base URL, in any of the formats.
///
/// # Errors
///
/// [`ErrorKind::InvalidRequest`] if it is none of them, and if it has no cookie
/// for that server. The message repeats no value.
pub(crate) fn import(text: &str, base: &Url) -> Result<(BrowserSession, Format), Error> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let format = format_of(text)?;
    let session = match format {
        Format::Own => BrowserSession::from_json(text),
        Format::Extension => extension::read(text, base),
        Format::Netscape => netscape::read(text, base),
        Format::Har => har::read(text, base),
    };
    Ok((session?, format))
}

impl BrowserSession {
    /// Reads a session for the server with this base URL from a file's text, in
    /// one of these formats:
    ///
    /// - what [`to_json`](BrowserSession::to_json) wrote;
    /// - a Netscape `cookies.txt`, as curl and browser extensions write it;
    /// - the JSON of a browser extension such as Cookie-Editor or
    ///   EditThisCookie, or the storage state of Playwright or Puppeteer;
    /// - a HAR file of a browser's developer tools, which also has the user
    ///   agent, languages and client hints.
    ///
    /// Only the cookies that a browser would send to that server are taken.
    ///
    /// ```
    /// # fn main() -> Result<(), chatwire_core::Error> {
    /// use chatwire_browser::BrowserSession;
    ///
    /// let text = "chat.example.org\tFALSE\t/\tTRUE\t0\tsession\td2h5\n\
    ///             elsewhere.org\tFALSE\t/\tTRUE\t0\tother\tMTIz\n";
    /// let session = BrowserSession::import(text, "https://chat.example.org")?;
    /// assert_eq!(session.cookie_names().collect::<Vec<_>>(), ["session"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](chatwire_core::ErrorKind::InvalidRequest) if
    /// the text is none of these, and if it has no cookie for that server. The
    /// message repeats no value.
    pub fn import(text: &str, base_url: &str) -> Result<BrowserSession, Error> {
        let base = Url::parse(base_url.trim()).map_err(|_| invalid("the base URL is not a URL"))?;
        import(text, &base).map(|(session, _)| session)
    }
}

/// What the text looks like.
fn format_of(text: &str) -> Result<Format, Error> {
    /// The members that tell JSON formats apart.
    #[derive(Deserialize)]
    struct Object {
        address: Option<IgnoredAny>,
        log: Option<IgnoredAny>,
        cookies: Option<IgnoredAny>,
    }
    if text.starts_with('[') {
        return Ok(Format::Extension);
    }
    if !text.starts_with('{') {
        return match netscape::is_cookie_file(text) {
            true => Ok(Format::Netscape),
            false => Err(unknown("")),
        };
    }
    match serde_json::from_str(text).map_err(|error| json_error(&error))? {
        Object { log: Some(_), .. } => Ok(Format::Har),
        Object {
            address: Some(_), ..
        } => Ok(Format::Own),
        Object {
            cookies: Some(_), ..
        } => Ok(Format::Extension),
        _ => Err(unknown("")),
    }
}

#[cfg(test)]
mod tests;
