use chatwire_core::Error;
use url::Url;

use super::error::unknown;
use super::format::Format;
use super::jar::{self, JarCookie};
use crate::session::{BrowserSession, Cookie};

/// What curl puts before the lines of cookies that scripts cannot see.
const HTTP_ONLY: &str = "#HttpOnly_";

/// Whether the text is one: it has the heading that names it, or a cookie.
pub(super) fn is_cookie_file(text: &str) -> bool {
    text.lines().any(|line| {
        let is_heading = line.starts_with('#') && line.contains("Cookie File");
        is_heading || cookie(line).is_some()
    })
}

/// Reads lines of seven fields with tabs between them: domain, whether hosts
/// below it count, path, whether https is needed, expiry, name, value.
pub(super) fn read(text: &str, base: &Url) -> Result<BrowserSession, Error> {
    let mut cookies = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let is_comment = line.starts_with('#') && !line.starts_with(HTTP_ONLY);
        if is_comment || line.trim().is_empty() {
            continue;
        }
        let cookie = cookie(line).ok_or_else(|| {
            let line = number + 1;
            unknown(&format!(" (line {line} has no seven fields between tabs)"))
        })?;
        cookies.push(cookie);
    }
    jar::session(cookies, base, Format::Netscape)
}

/// A line, if it is a cookie.
fn cookie(line: &str) -> Option<JarCookie> {
    let line = line.strip_prefix(HTTP_ONLY).unwrap_or(line);
    let mut fields = line.splitn(7, '\t');
    let mut next = || fields.next();
    let (domain, below, path) = (next()?, next()?, next()?);
    let (secure, expires, name) = (next()?, next()?, next()?);
    // Editors take away the tab before a value that is empty.
    let value = next().unwrap_or_default();
    let is_true = |field: &str| field.eq_ignore_ascii_case("true");
    Some(JarCookie {
        domain: domain.to_owned(),
        host_only: !is_true(below),
        secure: is_true(secure),
        cookie: Cookie {
            name: name.to_owned(),
            value: value.trim_end().to_owned(),
            path: path.starts_with('/').then(|| path.to_owned()),
            // Some write fractions; 0 and less mean the end of the browser.
            expires: expires
                .trim()
                .parse::<f64>()
                .ok()
                .map(|end| end as i64)
                .filter(|end| *end > 0),
        },
    })
}
