use std::borrow::Cow;
use std::collections::BTreeMap;

use chatwire_core::Error;
use serde::Deserialize;
use url::Url;

use super::error::{invalid, json_error};
use super::jar::JarCookie;
use crate::session::{BrowserSession, ClientHints, Cookie, SessionParts, languages, leads_to};

#[derive(Deserialize)]
struct Har<'a> {
    #[serde(borrow)]
    log: Log<'a>,
}

#[derive(Deserialize)]
struct Log<'a> {
    #[serde(borrow)]
    entries: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    request: Request<'a>,
    #[serde(borrow, default)]
    response: Response<'a>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow, default)]
    headers: Vec<Pair<'a>>,
    #[serde(borrow, default)]
    cookies: Vec<Pair<'a>>,
}

#[derive(Deserialize, Default)]
struct Response<'a> {
    #[serde(borrow, default)]
    cookies: Vec<Pair<'a>>,
}

/// A header, or a cookie.
#[derive(Deserialize)]
struct Pair<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    value: Cow<'a, str>,
    #[serde(borrow, default)]
    path: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    domain: Option<Cow<'a, str>>,
}

/// Reads what the browser sent to the server last, and what it was given since.
pub(super) fn read(text: &str, base: &Url) -> Result<BrowserSession, Error> {
    let har: Har<'_> = serde_json::from_str(text).map_err(|error| json_error(&error))?;
    let host = base.host_str().unwrap_or_default();
    let visits: Vec<(Url, &Entry<'_>)> = har
        .log
        .entries
        .iter()
        .filter_map(|entry| {
            let url = Url::parse(&entry.request.url).ok()?;
            Some((leads_to(base, &url)?, entry))
        })
        .collect();
    let sent = visits
        .iter()
        .rposition(|(_, entry)| !entry.request.sent_cookies().is_empty());
    let since = visits.get(sent.unwrap_or(0)..).unwrap_or_default();
    let Some((address, newest)) = since.last() else {
        return Err(invalid(&format!("this HAR file has no request to {host}")));
    };
    let mut cookies = since
        .first()
        .map_or(Vec::new(), |(_, entry)| entry.request.sent_cookies());
    // The last of a name counts.
    let given: BTreeMap<&str, &Pair<'_>> = since
        .iter()
        .flat_map(|(_, entry)| &entry.response.cookies)
        .filter(|given| given.is_of(address))
        .map(|given| (&*given.name, given))
        .collect();
    cookies.retain(|cookie| !given.contains_key(cookie.name.as_str()));
    cookies.extend(given.values().filter_map(|given| given.cookie()));
    if cookies.is_empty() {
        return Err(invalid(&format!(
            "this HAR file has no cookie for {host}: browsers leave cookies out unless \
             you export it with sensitive data"
        )));
    }
    let header = |name| newest.request.header(name);
    BrowserSession::new(SessionParts {
        address: address.as_str().to_owned(),
        cookies,
        user_agent: header("user-agent").map(str::to_owned),
        languages: header("accept-language").map_or(Vec::new(), languages),
        client_hints: header("sec-ch-ua").and_then(|brands| {
            let rest = |name| header(name).unwrap_or_default();
            let (mobile, platform) = (rest("sec-ch-ua-mobile"), rest("sec-ch-ua-platform"));
            ClientHints::from_headers(brands, mobile, platform)
        }),
    })
}

impl Request<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|header| header.name.eq_ignore_ascii_case(name))
            .map(|header| &*header.value)
    }

    /// The cookies as the `Cookie` header has them: browsers fill the list of
    /// cookies in different ways.
    fn sent_cookies(&self) -> Vec<Cookie> {
        let pair = |name: &str, value: &str| Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            path: None,
            expires: None,
        };
        match self.header("cookie") {
            Some(header) => header
                .split(';')
                .filter_map(|part| part.trim().split_once('='))
                .map(|(name, value)| pair(name, value))
                .collect(),
            None => {
                let cookies = self.cookies.iter();
                cookies.map(|c| pair(&c.name, &c.value)).collect()
            }
        }
    }
}

impl Pair<'_> {
    /// Whether a browser takes the cookie from that server.
    fn is_of(&self, server: &Url) -> bool {
        let Some(domain) = &self.domain else {
            return true;
        };
        let cookie = JarCookie {
            domain: domain.to_string(),
            host_only: false,
            secure: false,
            cookie: self.pair(),
        };
        cookie.is_of(server)
    }

    /// The cookie, unless it was taken away.
    fn cookie(&self) -> Option<Cookie> {
        (!self.value.is_empty()).then(|| self.pair())
    }

    fn pair(&self) -> Cookie {
        Cookie {
            name: self.name.to_string(),
            value: self.value.to_string(),
            path: self
                .path
                .as_deref()
                .filter(|path| path.starts_with('/'))
                .map(str::to_owned),
            expires: None,
        }
    }
}
