use url::{Origin, Url};

/// Where requests go if `asked` is the base URL and the browser ended at
/// `ended`, or `None` if that is another server.
///
/// Cookies may only go to the server that the browser has them for, and
/// prompts only to the one that the base URL stands for: the same origin, or
/// the same host over https, or with or without `www.`.
pub(crate) fn leads_to(asked: &Url, ended: &Url) -> Option<Url> {
    if asked.origin() == ended.origin() {
        return Some(asked.clone());
    }
    let host = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        host.strip_prefix("www.").unwrap_or(host).to_owned()
    };
    let end = |url: &Url| (url.scheme().to_owned(), url.port_or_known_default());
    let upgrade = (
        ("http".to_owned(), Some(80)),
        ("https".to_owned(), Some(443)),
    );
    if host(asked) != host(ended)
        || (end(asked) != end(ended) && (end(asked), end(ended)) != upgrade)
    {
        return None;
    }
    let mut base = ended.clone();
    base.set_path(asked.path());
    base.set_query(None);
    base.set_fragment(None);
    Some(base)
}

/// The address without user name, password, query and fragment.
pub(crate) fn shown(url: &Url) -> String {
    match url.origin() {
        Origin::Tuple(..) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
        Origin::Opaque(_) => format!("{}:", url.scheme()),
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::leads_to;

    #[test]
    fn a_session_leads_to_no_other_server() {
        for (asked, ended, base) in [
            ("http://h:1/x", "http://h:1/y?z", Some("http://h:1/x")),
            ("http://h/x", "https://h/login", Some("https://h/x")),
            ("http://h/", "https://www.h/", Some("https://www.h/")),
            ("https://www.h/", "https://h/", Some("https://h/")),
            ("http://u:p@h/", "https://h/", Some("https://h/")),
            ("https://h/", "http://h/", None),
            ("http://h:1/", "http://h:2/", None),
            ("http://h/", "https://h:8443/", None),
            ("http://h:3000/", "https://h/", None),
            ("https://h/", "https://login.h/", None),
            ("https://h/", "https://evil/", None),
        ] {
            let url = |text| Url::parse(text).unwrap();
            let found = leads_to(&url(asked), &url(ended));
            assert_eq!(found, base.map(url), "{asked} {ended}");
        }
    }
}
