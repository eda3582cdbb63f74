use chatwire_core::provider_kit::refusal::{is_html_page, json_in, page_error, plain_text};
use chatwire_core::provider_kit::{HttpRequest, RequestUrl};
use chatwire_core::{Error, ErrorKind, Secret};
use http::header::{self, HeaderMap, HeaderValue};

use crate::failure::NO_ROUTE;
use crate::learnt::Learnt;
use crate::page::{self, Bot, BotPage, checked_nonce};
use crate::payload::Answer;
use crate::site::{Site, WP_NONCE};

const START_SESSION: &str = "mwai/v1/start_session";
const SUBMIT: &str = "mwai-ui/v1/chats/submit";
const UPLOAD: &str = "mwai-ui/v1/files/upload";

/// What WordPress itself says about a visitor.
const ME: &str = "wp/v2/users/me";

/// Where the pages of a site fetch the nonce of a visitor who is logged in.
const MEMBER_NONCE: &str = "/wp-admin/admin-ajax.php?action=rest-nonce";

/// Where the REST API of a site may be, relative to the site. Plain permalinks
/// and some sub-directories answer the first with an ordinary page.
const ROOTS: [&str; 3] = ["/wp-json/", "/index.php?rest_route=/", "/?rest_route=/"];

/// The addresses of a REST API.
#[derive(PartialEq)]
struct Api {
    session: RequestUrl,
    submit: RequestUrl,
    upload: RequestUrl,
    me: RequestUrl,
}

impl Api {
    /// Those below its root, if that is one.
    fn below(root: &RequestUrl) -> Option<Api> {
        Some(Api {
            session: root.below(START_SESSION)?,
            submit: root.below(SUBMIT)?,
            upload: root.below(UPLOAD)?,
            me: root.below(ME)?,
        })
    }
}

/// How a site wants to be asked: found out once, then remembered.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    /// Where questions go.
    pub(crate) submit: RequestUrl,
    /// Where pictures go.
    pub(crate) upload: RequestUrl,
    /// The visitor's nonce; `None` for plugins before 2.0.
    pub(crate) nonce: Option<Secret>,
    /// Whether the plugin has no address for nonces, as before 2.4.4: it may be
    /// one of before 2.0, which calls some things by other names.
    pub(crate) is_old: bool,
    /// Whether the plugin is known to take several pictures with one question.
    /// Those that do give visitors a session.
    pub(crate) takes_pictures: bool,
}

impl Access {
    fn new(api: &Api, nonce: Option<Secret>) -> Access {
        Access {
            submit: api.submit.clone(),
            upload: api.upload.clone(),
            nonce,
            is_old: true,
            takes_pictures: false,
        }
    }

    /// The same with another nonce.
    pub(crate) fn with_nonce(&self, nonce: Secret) -> Access {
        Access {
            nonce: Some(nonce),
            ..self.clone()
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
        announced: Option<Box<Api>>,
        /// Where it is, if that is another server.
        elsewhere: Option<RequestUrl>,
        page: Option<Error>,
    },
}

/// Finds out where the site's REST API is, and gets a nonce. `learnt` gets
/// the bots of a page that has to be read for it.
pub(crate) async fn open(
    site: &Site<'_>,
    nonce_page: &str,
    learnt: &Learnt,
) -> Result<Access, Error> {
    let base = site.active.base_url();
    let member = match site.has_login() {
        true => Some(member_nonce(site, nonce_page, learnt).await?),
        false => None,
    };
    let mut apis: Vec<Api> = Vec::new();
    for root in ROOTS {
        apis.extend(Api::below(&base.join(root)?));
    }
    let usual = apis.len();
    let mut page: Option<Error> = None;
    let mut other_server: Option<RequestUrl> = None;
    let mut next = 0;
    while let Some(api) = apis.get(next) {
        match start_session(site, api, member.as_ref()).await? {
            Found::Access(access) => {
                check_password(site, api).await?;
                return Ok(access);
            }
            Found::NoRoute => {
                let nonce = match member {
                    Some(nonce) => Some(nonce),
                    None => {
                        let found = bot_page(site, nonce_page).await?;
                        learnt.learn_page(found.bots);
                        found.nonce
                    }
                };
                return Ok(Access::new(api, nonce));
            }
            Found::NoApi {
                announced,
                elsewhere,
                page: another,
            } => {
                page = page.or(another);
                other_server = other_server.or(elsewhere);
                // One more, after the usual ones, which nearly all sites have.
                if apis.len() == usual {
                    apis.extend(announced.map(|api| *api).filter(|api| !apis.contains(api)));
                }
            }
        }
        next += 1;
    }
    let tried = ROOTS.join(", ");
    // The address of a page may have been given where that of the site is meant.
    let site = match base.origin() {
        site if base.as_text() == site => String::new(),
        site => format!(", which may be {site}"),
    };
    let error = match page {
        Some(page) => page.with_context(&format!(
            "tried {tried} at {base}; check the base URL{site}, and whether the site runs AI \
             Engine"
        )),
        None => Error::new(
            ErrorKind::Credentials,
            format!("{base} gave no nonce: its answers are neither JSON nor pages (tried {tried})"),
        ),
    };
    Err(match other_server.map(|root| (other_base(&root), root)) {
        Some((other, root)) => error.with_context(&format!(
            "it says that its REST API is at {root}, on another server: if that is the one that \
             you mean, set {other} as the base URL"
        )),
        None => error,
    })
}

/// The base URL of the site whose REST API this is.
fn other_base(root: &RequestUrl) -> String {
    let path = root.path().trim_end_matches('/');
    let base = ["/wp-json", "/index.php"]
        .iter()
        .find_map(|end| path.strip_suffix(end));
    format!("{}{}", root.origin(), base.unwrap_or(path))
}

/// Checks that the site takes the application password, if there is one: some
/// take a visitor with a wrong one for a guest, and do not say so.
async fn check_password(site: &Site<'_>, api: &Api) -> Result<(), Error> {
    if !site.headers.contains_key(header::AUTHORIZATION) {
        return Ok(());
    }
    let mut response = site.send(HttpRequest::get(api.me.clone())).await?;
    // Many sites close this address, which says nothing about the password.
    if response.status() != 401 {
        return Ok(());
    }
    let body = response.read_excerpt().await;
    let words = json_in(&body, |answer: &Answer| !answer.message.is_empty());
    let words = words.map_or(String::new(), |it| format!(": {}", plain_text(&it.message)));
    let why = format!("the site does not take the user and the application password{words}");
    Err(response.complete_error(Error::new(ErrorKind::Credentials, why)))
}

/// What a site has, as far as it shows without a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// Where the REST API of WordPress is, relative to the site; `None` if there
    /// is none.
    pub rest_root: Option<String>,
    /// Whether the plugin hands out nonces, as it does from 2.4.4 on.
    pub has_sessions: bool,
    /// Whether the plugin takes questions: it is active, and its chatbots module
    /// is on.
    pub has_chatbots: bool,
    /// The chatbots on the page that shows them.
    pub bots: Vec<Bot>,
}

/// Looks for the REST API and for the plugin's routes. It tries the question's
/// route with an empty body, which every plugin refuses.
pub(crate) async fn survey(
    site: &Site<'_>,
    nonce_page: &str,
    learnt: &Learnt,
) -> Result<Survey, Error> {
    let mut survey = Survey::default();
    // A site can be closed to guests.
    let member = match site.has_login() {
        true => Some(member_nonce(site, nonce_page, learnt).await?),
        false => None,
    };
    for root in ROOTS {
        let Some(api) = Api::below(&site.active.base_url().join(root)?) else {
            continue;
        };
        survey.has_sessions = match start_session(site, &api, member.as_ref()).await? {
            Found::Access(_) => true,
            Found::NoRoute => false,
            Found::NoApi { .. } => continue,
        };
        survey.rest_root = Some(root.to_owned());
        let empty = HttpRequest::post(api.submit.clone()).json(&serde_json::json!({}))?;
        let mut response = site.send(empty).await?;
        let body = response.read_excerpt().await;
        let is_missing = |error: &Answer| error.code == NO_ROUTE;
        survey.has_chatbots = json_in(&body, is_missing).is_none();
        break;
    }
    Ok(survey)
}

/// Asks for a session. A guest's request must not carry a nonce, because an old
/// one is refused even here; a member's must, or the answer is a guest's.
async fn start_session(
    site: &Site<'_>,
    api: &Api,
    member: Option<&Secret>,
) -> Result<Found, Error> {
    let mut request = HttpRequest::post(api.session.clone()).header(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Some(nonce) = member {
        request = request.header(WP_NONCE, nonce.header_value("the nonce of the site")?);
    }
    let mut response = site.send(request).await?;
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
                let named = link
                    .as_deref()
                    .and_then(|link| response.url().resolve(link));
                let elsewhere = named.filter(|root| !root.same_origin(response.url()));
                let root = link.and_then(|link| response.url().resolve_same_origin(&link));
                let page = is_page.then(|| page_error(&body, "the REST API of WordPress"));
                Ok(Found::NoApi {
                    announced: root.and_then(|root| Api::below(&root)).map(Box::new),
                    elsewhere,
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
        site.http.redactor().add(&nonce);
        // Where there are none, the plugin says so in these letters.
        let has_session = !matches!(answer.session_id.as_str(), "" | "N/A");
        return Ok(Found::Access(Access {
            is_old: false,
            takes_pictures: has_session,
            ..Access::new(api, Some(nonce))
        }));
    }
    if answer.code == NO_ROUTE {
        return Ok(Found::NoRoute);
    }
    let mut why = "the site gave no nonce".to_owned();
    if !answer.message.is_empty() {
        why.push_str(&format!(": {}", plain_text(&answer.message)));
    }
    Err(response.complete_error(Error::new(ErrorKind::Credentials, why)))
}

/// What a page of the site says about its bots. Plugins before 2.4.4 hand out
/// their nonce only there; before 2.0 there is none.
pub(crate) async fn bot_page(site: &Site<'_>, page: &str) -> Result<BotPage, Error> {
    let address = site.active.base_url().join(page)?;
    let response = site.send(HttpRequest::get(address)).await?;
    let found = match response.status() {
        200..300 => page::bots_in(&response.into_page().await?),
        404 | 410 => BotPage::default(),
        _ => return Err(response.into_error().await),
    };
    if let Some(nonce) = &found.nonce {
        site.http.redactor().add(nonce);
    }
    Ok(found)
}

/// The nonce of a visitor who is logged in, fetched as the site's own pages do.
/// WordPress refuses a guest's nonce beside a login.
async fn member_nonce(site: &Site<'_>, page: &str, learnt: &Learnt) -> Result<Secret, Error> {
    let address = site.active.base_url().join(MEMBER_NONCE)?;
    let mut response = site.send(HttpRequest::get(address)).await?;
    if response.is_success() {
        let body = response.read_excerpt().await;
        if let Some(nonce) = checked_nonce(body.trim()).filter(|it| it.expose().len() >= 8) {
            site.http.redactor().add(&nonce);
            return Ok(nonce);
        }
    }
    // Some sites close that address to everybody.
    let found = bot_page(site, page).await?;
    learnt.learn_page(found.bots);
    found.nonce.ok_or_else(|| {
        Error::new(
            ErrorKind::Credentials,
            "the site does not know the login of this session: log in again",
        )
    })
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
