use chatwire_core::{Error, ErrorKind};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::driver::{CommandError, OpenBrowser};
use super::visit::Visit;
use crate::session::{Brand, BrowserSession, ClientHints, SessionParts, leads_to, shown};

/// What a page shows to its own scripts. Nothing is changed.
const INSPECT: &str = r"
const selector = arguments[0];
let found = true;
if (selector !== null) {
    try { found = document.querySelector(selector) !== null; } catch { found = null; }
}
const hints = navigator.userAgentData;
const loading = performance.getEntriesByType('navigation')[0];
return {
    address: location.href,
    document: document.documentURI,
    loaded: document.readyState === 'complete',
    status: (loading && loading.responseStatus) || 0,
    found: found,
    user_agent: navigator.userAgent,
    languages: Array.from(navigator.languages || []),
    client_hints: hints ? {
        brands: hints.brands.map(b => ({ brand: b.brand, version: b.version })),
        mobile: hints.mobile,
        platform: hints.platform,
    } : null,
};
";

/// What the script returns.
#[derive(Deserialize)]
struct PageState {
    address: String,
    document: String,
    loaded: bool,
    /// The status of the page; 0 if the browser does not tell.
    status: u16,
    /// Whether the selector matches; `None` if it is not a selector.
    found: Option<bool>,
    user_agent: String,
    languages: Vec<String>,
    client_hints: Option<Hints>,
}

#[derive(Deserialize)]
struct Hints {
    brands: Vec<Brand>,
    mobile: bool,
    platform: String,
}

/// Whether the page is ready.
pub(super) enum Readiness {
    /// It is, and this is the session.
    Ready(Box<BrowserSession>),
    /// It is not, and why.
    Waiting(String),
}

/// Inspects the page once.
///
/// # Errors
///
/// What waiting cannot change.
pub(super) async fn inspect(browser: &OpenBrowser, visit: &Visit) -> Result<Readiness, Error> {
    let selector = visit.selector.as_deref().map_or(Value::Null, Value::from);
    let state: PageState = match browser.execute(INSPECT, selector).await {
        Ok(value) => match serde_json::from_value(value) {
            Ok(state) => state,
            Err(_) => return Ok(Readiness::Waiting("the page answers no script".to_owned())),
        },
        Err(error) => return waiting(error),
    };
    if let Some(missing) = state.missing(visit)? {
        return Ok(Readiness::Waiting(missing));
    }
    let cookies = match browser.cookies().await {
        Ok(cookies) => cookies,
        Err(error) => return waiting(error),
    };
    if let Some(name) = &visit.cookie
        && !cookies.iter().any(|cookie| cookie.name == *name)
    {
        return Ok(Readiness::Waiting(format!("there is no cookie {name:?}")));
    }
    let session = BrowserSession::new(SessionParts {
        address: state.address,
        cookies,
        user_agent: Some(state.user_agent),
        languages: state.languages,
        client_hints: state.client_hints.map(|hints| ClientHints {
            brands: hints.brands,
            mobile: hints.mobile,
            platform: hints.platform,
        }),
    })?;
    Ok(Readiness::Ready(Box::new(session)))
}

impl PageState {
    /// What the page still lacks, the cookie aside.
    fn missing(&self, visit: &Visit) -> Result<Option<String>, Error> {
        for page in ["chrome-error:", "about:neterror", "about:certerror"] {
            if self.document.starts_with(page) || self.address.starts_with(page) {
                return Err(Error::new(
                    ErrorKind::Connect,
                    format!("the browser cannot open {}", shown(&visit.page)),
                ));
            }
        }
        let Ok(address) = Url::parse(&self.address) else {
            return Ok(Some("it has no address".to_owned()));
        };
        if leads_to(&visit.asked, &address).is_none() {
            return Ok(Some(format!(
                "the browser is at {}, which is another server: if that is the one you mean, \
                 set it as the base URL",
                shown(&address)
            )));
        }
        match (self.found, &visit.selector) {
            (None, Some(selector)) => {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    format!("{selector:?} is not a CSS selector"),
                ));
            }
            (Some(false), Some(selector)) => {
                return Ok(Some(format!("nothing matches {selector:?}")));
            }
            _ => {}
        }
        // A condition of the caller's tells better when the page is ready.
        if visit.selector.is_some() || visit.cookie.is_some() {
            return Ok(None);
        }
        if !self.loaded {
            return Ok(Some("it is still loading".to_owned()));
        }
        if self.status >= 400 {
            return Ok(Some(format!("it has status {}", self.status)));
        }
        Ok(None)
    }
}

/// A page that the browser is just leaving runs no script; a browser that is
/// gone never will.
fn waiting(error: CommandError) -> Result<Readiness, Error> {
    match error.is_final() {
        true => Err(error.into_error()),
        false => Ok(Readiness::Waiting(error.words())),
    }
}
