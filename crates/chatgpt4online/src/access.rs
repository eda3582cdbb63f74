use chatwire_core::provider_kit::refusal::is_html_page;
use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest, HttpResponse, RequestUrl};
use chatwire_core::{Error, ErrorKind, Secret};
use html5gum::{DefaultEmitter, Token, Tokenizer};
use http::header::{self, HeaderMap, HeaderValue};
use serde::Deserialize;

use crate::payload::Text;

const START_SESSION: &str = "mwai/v1/start_session";
const SUBMIT: &str = "mwai-ui/v1/chats/submit";

/// Where the REST API of a site may be, relative to the site. Plain permalinks
/// and some sub-directories answer the first with an ordinary page.
const ROOTS: [&str; 3] = ["/wp-json/", "/index.php?rest_route=/", "/?rest_route=/"];

/// How a site wants to be asked: found out once, then remembered.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    root: Root,
    /// The guest nonce; none for plugins before 2.0.
    pub(crate) nonce: Option<Secret>,
}

#[derive(Debug, Clone)]
enum Root {
    /// One of [`ROOTS`].
    Below(&'static str),
    /// As the site itself announces it.
    Announced(RequestUrl, String),
}

impl Root {
    fn url(&self, base: &BaseUrl, route: &str) -> Result<RequestUrl, Error> {
        match self {
            Root::Below(suffix) => base.join(&format!("{suffix}{route}")),
            Root::Announced(from, root) => {
                from.resolve(&format!("{root}{route}")).ok_or_else(|| {
                    Error::new(
                        ErrorKind::Protocol,
                        format!("the site announces a REST API at {root:?}, which is no address"),
                    )
                })
            }
        }
    }
}

impl Access {
    /// Where questions go.
    pub(crate) fn submit_url(&self, base: &BaseUrl) -> Result<RequestUrl, Error> {
        self.root.url(base, SUBMIT)
    }

    /// The same with another nonce.
    pub(crate) fn with_nonce(&self, nonce: Secret) -> Access {
        Access {
            root: self.root.clone(),
            nonce: Some(nonce),
        }
    }
}

/// A nonce that may be sent back as a header: what a site hands out is letters
/// and digits.
pub(crate) fn checked_nonce(nonce: &str) -> Option<Secret> {
    let is_nonce = (1..=64).contains(&nonce.len())
        && nonce
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_nonce.then(|| Secret::new(nonce))
}

/// What a request for a nonce has brought.
enum Found {
    Access(Access),
    /// This is the REST API, but it hands out no nonces.
    NoRoute,
    /// This is no REST API; maybe the answer says where it is.
    NoApi {
        link: Option<String>,
        is_page: bool,
    },
}

/// Finds out where the site's REST API is, and gets a nonce.
pub(crate) async fn open(
    http: &HttpClient,
    base: &BaseUrl,
    headers: &HeaderMap,
    nonce_page: &str,
) -> Result<Access, Error> {
    let mut announced: Option<Root> = None;
    let mut pages = false;
    for suffix in ROOTS {
        let root = Root::Below(suffix);
        match start_session(http, base, headers, &root).await? {
            Found::Access(access) => return Ok(access),
            Found::NoRoute => return from_page(http, base, headers, nonce_page, root).await,
            Found::NoApi { link, is_page } => {
                pages |= is_page;
                if let (Some(link), None) = (link, &announced) {
                    let from = base.join("/")?;
                    announced = from
                        .resolve(&link)
                        .filter(|to| to.same_origin(&from))
                        .map(|_| Root::Announced(from, link));
                }
            }
        }
    }
    if let Some(root) = announced {
        match start_session(http, base, headers, &root).await? {
            Found::Access(access) => return Ok(access),
            Found::NoRoute => return from_page(http, base, headers, nonce_page, root).await,
            Found::NoApi { is_page, .. } => pages |= is_page,
        }
    }
    if !pages {
        return Err(Error::new(
            ErrorKind::Credentials,
            format!(
                "{base} gave no nonce: its answers are neither JSON nor pages (tried {})",
                ROOTS.join(", ")
            ),
        ));
    }
    Err(Error::new(
        ErrorKind::Blocked,
        format!(
            "{base} answers with pages where the REST API of WordPress should be (tried {}): \
             check the base URL, and whether the site runs AI Engine",
            ROOTS.join(", ")
        ),
    ))
}

/// The answer to a request for a session, or an error instead.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session<'a> {
    #[serde(borrow, default)]
    pub(crate) rest_nonce: Text<'a>,
    #[serde(borrow, default)]
    message: Text<'a>,
    #[serde(borrow, default)]
    code: Text<'a>,
}

/// Asks for a session. The request must not carry a nonce: an old one is
/// refused even here.
async fn start_session(
    http: &HttpClient,
    base: &BaseUrl,
    headers: &HeaderMap,
    root: &Root,
) -> Result<Found, Error> {
    let request = HttpRequest::post(root.url(base, START_SESSION)?)
        .headers(headers)
        .header(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
    let mut response = http.send(request).await?;
    let status = response.status();
    if !matches!(status, 200..300 | 400..500) || status == 429 {
        return Err(response.into_error().await);
    }
    let link = announced_root(&response);
    // What breaks off or floods an answer must not look like another answer.
    let body = match status {
        200..300 => response.read_page().await?,
        _ => response.excerpt().await,
    };
    let Some(session) = json_in::<Session<'_>>(&body) else {
        // A page that is no firewall's: the API is elsewhere.
        return match status {
            401 | 403 => Err(response.error_for(&body)),
            _ => Ok(Found::NoApi {
                link,
                is_page: is_html_page(&body),
            }),
        };
    };
    if let Some(nonce) = &session.rest_nonce.0 {
        let nonce = checked_nonce(nonce).ok_or_else(|| {
            Error::new(
                ErrorKind::Credentials,
                "the site's nonce has characters that no nonce has",
            )
        })?;
        http.redactor().add(&nonce);
        return Ok(Found::Access(Access {
            root: root.clone(),
            nonce: Some(nonce),
        }));
    }
    if session.code.as_str() == "rest_no_route" {
        return Ok(Found::NoRoute);
    }
    let words = session.message.0.map_or(String::new(), |words| {
        format!(
            ": {}",
            chatwire_core::provider_kit::refusal::plain_text(&words)
        )
    });
    let error = Error::new(
        ErrorKind::Credentials,
        format!("the site gave no nonce{words}"),
    );
    Err(response.finish_error(error.with_status(status)))
}

/// Plugins before 2.4.4 hand out their nonce only in a page with the chatbot;
/// before 2.0 there is none.
async fn from_page(
    http: &HttpClient,
    base: &BaseUrl,
    headers: &HeaderMap,
    nonce_page: &str,
    root: Root,
) -> Result<Access, Error> {
    let request = HttpRequest::get(base.join(nonce_page)?).headers(headers);
    let response = http.send(request).await?;
    let nonce = match response.status() {
        200..300 => nonce_in(&response.into_page().await?),
        404 | 410 => None,
        _ => return Err(response.into_error().await),
    };
    if let Some(nonce) = &nonce {
        http.redactor().add(nonce);
    }
    Ok(Access { root, nonce })
}

/// The nonce in the settings of a chatbot on a page: JSON in an attribute,
/// escaped for HTML.
pub(crate) fn nonce_in(page: &str) -> Option<Secret> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct System {
        rest_nonce: Option<String>,
    }
    let mut emitter = DefaultEmitter::default();
    // Text inside a script is no tag.
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(page, emitter).find_map(|token| {
        let Ok(Token::StartTag(tag)) = token else {
            return None;
        };
        let json = tag.attributes.get(b"data-system".as_slice())?;
        let system: System = serde_json::from_slice(json).ok()?;
        checked_nonce(&system.rest_nonce?)
    })
}

/// Where the site says that its REST API is.
fn announced_root(response: &HttpResponse) -> Option<String> {
    response
        .headers()
        .get_all(header::LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter(|link| link.contains("https://api.w.org/"))
        .find_map(|link| {
            let start = link.find('<')? + 1;
            let end = start + link.get(start..)?.find('>')?;
            link.get(start..end).map(str::to_owned)
        })
}

/// A JSON object in a body that PHP may have put warnings around. What a whole
/// page has in its scripts does not count.
pub(crate) fn json_in<'a, T: Deserialize<'a>>(body: &'a str) -> Option<T> {
    if is_html_page(body) {
        return None;
    }
    body.match_indices('{').take(64).find_map(|(at, _)| {
        let candidate = body.get(at..)?;
        serde_json::Deserializer::from_str(candidate)
            .into_iter::<T>()
            .next()?
            .ok()
    })
}

#[cfg(test)]
mod tests {
    use super::{checked_nonce, nonce_in};

    #[test]
    fn nonces_are_found_in_pages() {
        let cases = [
            (
                r#"<div data-params='{}' data-system='{&quot;botId&quot;:&quot;default&quot;,&quot;restNonce&quot;:&quot;1291618659&quot;}'></div>"#,
                Some("1291618659"),
            ),
            (
                r#"<div data-system="{&quot;a&quot;:1}"></div><div data-system="{&#34;restNonce&#34;:&#34;cbf23cc13b&#34;}">"#,
                Some("cbf23cc13b"),
            ),
            (r#"<div data-system='{&quot;restNonce&quot;:null}'>"#, None),
            (
                r#"<div data-system='{&quot;restNonce&quot;:&quot;a b&quot;}'>"#,
                None,
            ),
            ("<div data-system='not json'>", None),
            ("<div data-system=", None),
            (
                r#"<script>"<div data-system='{\"restNonce\":\"a\"}'>"</script>"#,
                None,
            ),
            (
                r#"<DIV DATA-SYSTEM='{"restNonce":"cbf23cc13b"}'/>"#,
                Some("cbf23cc13b"),
            ),
            ("<html></html>", None),
        ];
        for (page, nonce) in cases {
            let found = nonce_in(page);
            assert_eq!(found.as_ref().map(|nonce| nonce.expose()), nonce, "{page}");
        }
    }

    #[test]
    fn pages_are_read_in_linear_time() {
        let hostile = ["<", "<a ", "<a b=\"", "<!--"].map(|text| (text, 1024 * 1024));
        let others = [
            "<!-- -",
            "</",
            "<script",
            "<script>",
            "&",
            "&#",
            "data-system=",
            "\0",
            "<a data-system='{'>",
            "<a data-system=\"[\">",
        ];
        for (pattern, size) in hostile
            .into_iter()
            .chain(others.map(|text| (text, 128 * 1024)))
        {
            let page = pattern.repeat(size / pattern.len());
            let started = std::time::Instant::now();
            assert!(nonce_in(&page).is_none());
            assert!(nonce_in(&format!("<div data-system='{page}'>")).is_none());
            // A second is usual; quadratic time would be hours.
            assert!(started.elapsed().as_secs() < 60, "{pattern}");
        }
    }

    #[test]
    fn nonces_are_checked_before_they_are_sent() {
        for (nonce, ok) in [
            ("cbf23cc13b", true),
            ("", false),
            ("a\r\nb", false),
            ("ü", false),
            (&"x".repeat(65), false),
        ] {
            assert_eq!(checked_nonce(nonce).is_some(), ok, "{nonce:?}");
        }
    }
}
