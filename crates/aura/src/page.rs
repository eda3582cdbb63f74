use std::sync::Arc;

use chatwire_core::{Error, ErrorKind};
use serde::Deserialize;
use serde_json::Value;
use thirtyfour::error::{WebDriverError, WebDriverErrorInner};
use thirtyfour::session::handle::SessionHandle;
use url::Url;

use crate::BrowserSession;
use crate::session::{Brand, ClientHints, Cookie, Parts, leads_to, shown};
use crate::visit::Visit;
use crate::wire::{Wire, words};

/// What a page shows to its own scripts. Nothing is changed.
const LOOK: &str = r"
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

#[derive(Deserialize)]
struct View {
    address: String,
    document: String,
    loaded: bool,
    /// Of the page; 0 where the browser does not tell.
    status: u16,
    /// Whether the selector finds something; nothing if it is no selector.
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

/// One look at the page.
pub(crate) enum Look {
    /// It is there.
    Ready(Box<BrowserSession>),
    /// It is not, and why.
    NotYet(String),
}

/// Looks whether the page is there, and at what the session then is.
///
/// # Errors
///
/// What waiting cannot change.
pub(crate) async fn look(
    browser: &Arc<SessionHandle>,
    wire: &Wire,
    visit: &Visit,
) -> Result<Look, Error> {
    let selector = visit.selector.as_deref().map_or(Value::Null, Value::from);
    let view: View = match browser.execute(LOOK, vec![selector]).await {
        Ok(value) => match value.convert() {
            Ok(view) => view,
            Err(_) => return Ok(Look::NotYet("the page answers no script".to_owned())),
        },
        Err(error) => return not_yet(wire, &error),
    };
    if let Some(missing) = view.missing(visit)? {
        return Ok(Look::NotYet(missing));
    }
    let cookies = match browser.get_all_cookies().await {
        Ok(cookies) => cookies,
        Err(error) => return not_yet(wire, &error),
    };
    if let Some(name) = &visit.cookie
        && !cookies.iter().any(|cookie| cookie.name == *name)
    {
        return Ok(Look::NotYet(format!("there is no cookie {name:?}")));
    }
    let cookies = cookies
        .into_iter()
        .map(|cookie| Cookie {
            name: cookie.name,
            value: cookie.value,
            path: cookie.path,
            expires: cookie.expiry,
        })
        .collect();
    let session = BrowserSession::new(Parts {
        address: view.address,
        cookies,
        user_agent: Some(view.user_agent),
        languages: view.languages,
        client_hints: view.client_hints.map(|hints| ClientHints {
            brands: hints.brands,
            mobile: hints.mobile,
            platform: hints.platform,
        }),
    })?;
    Ok(Look::Ready(Box::new(session)))
}

impl View {
    /// What keeps the page from being there, the cookie aside.
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
                    format!("{selector:?} is no CSS selector"),
                ));
            }
            (Some(false), Some(selector)) => {
                return Ok(Some(format!("nothing matches {selector:?}")));
            }
            _ => {}
        }
        // A condition of the caller's says better when the page is there.
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

/// A page that is just being left has no answer; a browser that is gone has
/// none for good.
fn not_yet(wire: &Wire, error: &WebDriverError) -> Result<Look, Error> {
    match error.as_inner() {
        WebDriverErrorInner::RequestFailed(_)
        | WebDriverErrorInner::InvalidSessionId(_)
        | WebDriverErrorInner::NoSuchWindow(_) => Err(wire.command_error(error)),
        _ => Ok(Look::NotYet(words(error))),
    }
}
