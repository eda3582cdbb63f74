use chatwire_core::provider_kit::refusal::{is_html_page, json_in, page_error, plain_text};
use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest, RequestUrl};
use chatwire_core::{Error, ErrorKind, Secret};
use http::header::{self, HeaderMap, HeaderValue};

use crate::page::{self, checked_nonce};
use crate::payload::Answer;

const START_SESSION: &str = "mwai/v1/start_session";
const SUBMIT: &str = "mwai-ui/v1/chats/submit";

/// Where the REST API of a site may be, relative to the site. Plain permalinks
/// and some sub-directories answer the first with an ordinary page.
const ROOTS: [&str; 3] = ["/wp-json/", "/index.php?rest_route=/", "/?rest_route=/"];

/// The addresses of a REST API.
#[derive(PartialEq)]
struct Api {
    session: RequestUrl,
    submit: RequestUrl,
}

impl Api {
    /// Those below its root, if that is one.
    fn below(root: &RequestUrl) -> Option<Api> {
        Some(Api {
            session: root.below(START_SESSION)?,
            submit: root.below(SUBMIT)?,
        })
    }
}

/// How a site wants to be asked: found out once, then remembered.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    /// Where questions go.
    pub(crate) submit: RequestUrl,
    /// The guest nonce; `None` for plugins before 2.0.
    pub(crate) nonce: Option<Secret>,
}

impl Access {
    /// The same with another nonce.
    pub(crate) fn with_nonce(&self, nonce: Secret) -> Access {
        Access {
            submit: self.submit.clone(),
            nonce: Some(nonce),
        }
    }
}

/// What a request for a nonce has brought.
enum Found {
    Access(Access),
    /// This is the REST API, but it hands out no nonces.
    NoRoute,
    /// This is no REST API; maybe the answer says where it is.
    NoApi {
        announced: Option<Api>,
        page: Option<Error>,
    },
}

/// Finds out where the site's REST API is, and gets a nonce.
pub(crate) async fn open(
    http: &HttpClient,
    base: &BaseUrl,
    headers: &HeaderMap,
    nonce_page: &str,
) -> Result<Access, Error> {
    let mut apis: Vec<Api> = Vec::new();
    for root in ROOTS {
        apis.extend(Api::below(&base.join(root)?));
    }
    let usual = apis.len();
    let mut page: Option<Error> = None;
    let mut next = 0;
    while let Some(api) = apis.get(next) {
        match start_session(http, headers, api).await? {
            Found::Access(access) => return Ok(access),
            Found::NoRoute => {
                let submit = api.submit.clone();
                let page = base.join(nonce_page)?;
                let nonce = nonce_of_page(http, headers, page).await?;
                return Ok(Access { submit, nonce });
            }
            Found::NoApi {
                announced,
                page: another,
            } => {
                page = page.or(another);
                // One more, after the usual ones, which nearly all sites have.
                if apis.len() == usual {
                    apis.extend(announced.filter(|api| !apis.contains(api)));
                }
            }
        }
        next += 1;
    }
    let tried = ROOTS.join(", ");
    Err(match page {
        Some(page) => page.with_context(&format!(
            "tried {tried} at {base}; check the base URL, and whether the site runs AI Engine"
        )),
        None => Error::new(
            ErrorKind::Credentials,
            format!("{base} gave no nonce: its answers are neither JSON nor pages (tried {tried})"),
        ),
    })
}

/// Asks for a session. The request must not carry a nonce: an old one is
/// refused even here.
async fn start_session(http: &HttpClient, headers: &HeaderMap, api: &Api) -> Result<Found, Error> {
    let request = HttpRequest::post(api.session.clone())
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
    // What breaks off or floods an answer must not look like another answer.
    let body = match status {
        200..300 => response.read_page().await?,
        _ => response.read_excerpt().await,
    };
    let Some(answer) = json_in(&body, |_: &Answer| true) else {
        // A page that is no firewall's: the API is elsewhere.
        return match status {
            401 | 403 => Err(response.error_with_body(&body)),
            _ => {
                let is_page = is_html_page(&body);
                let link = linked_root(response.headers());
                let link = link.or_else(|| is_page.then(|| page::linked_root(&body)).flatten());
                let root = link.and_then(|link| response.url().resolve_same_origin(&link));
                let page = is_page.then(|| page_error(&body, "the REST API of WordPress"));
                Ok(Found::NoApi {
                    announced: root.and_then(|root| Api::below(&root)),
                    page: page.map(|error| response.complete_error(error)),
                })
            }
        };
    };
    if let Some(nonce) = &answer.rest_nonce {
        let nonce = checked_nonce(nonce).ok_or_else(|| {
            Error::new(
                ErrorKind::Credentials,
                "the site's nonce has characters that no nonce has",
            )
        })?;
        http.redactor().add(&nonce);
        return Ok(Found::Access(Access {
            submit: api.submit.clone(),
            nonce: Some(nonce),
        }));
    }
    if answer.code == "rest_no_route" {
        return Ok(Found::NoRoute);
    }
    let mut why = "the site gave no nonce".to_owned();
    if !answer.message.is_empty() {
        why.push_str(&format!(": {}", plain_text(&answer.message)));
    }
    Err(response.complete_error(Error::new(ErrorKind::Credentials, why)))
}

/// Plugins before 2.4.4 hand out their nonce only in a page with the chatbot;
/// before 2.0 there is none.
async fn nonce_of_page(
    http: &HttpClient,
    headers: &HeaderMap,
    page: RequestUrl,
) -> Result<Option<Secret>, Error> {
    let request = HttpRequest::get(page).headers(headers);
    let response = http.send(request).await?;
    let nonce = match response.status() {
        200..300 => page::nonce_in(&response.into_page().await?),
        404 | 410 => None,
        _ => return Err(response.into_error().await),
    };
    if let Some(nonce) = &nonce {
        http.redactor().add(nonce);
    }
    Ok(nonce)
}

/// The address of the REST API in a `Link` header.
fn linked_root(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::LINK).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        // Addresses have no `<`, other parameters of this header neither.
        .flat_map(|value| value.split('<').skip(1))
        .find_map(|link| {
            let (address, parameters) = link.split_once('>')?;
            parameters.contains(page::API).then(|| address.to_owned())
        })
}
