use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest, RequestUrl};
use chatwire_core::{Error, ErrorKind, Secret, TimeoutPhase};

use crate::bundle::{Found, script_addresses};

/// Where the bundle was last seen. The hash in it changes with every
/// deployment, so this is only a first guess.
const KNOWN_BUNDLE: &str = "/_nuxt/bf709a9ce19f14e18116.js";

/// How many scripts of a page are read.
const MAX_SCRIPTS: usize = 24;

/// How many documents that did not come at all end the search: each of them may
/// have taken as long as a server may be silent.
const MAX_SILENT: usize = 2;

/// How many documents that could not be read an error tells of.
const SHOWN_FAULTS: usize = 3;

/// What the server wants to see with every request.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) api_secret: Secret,
    pub(crate) secret: Secret,
}

/// Reads the credentials from the site's scripts: from the one that held them
/// last, or from those that the front page names.
pub(crate) async fn fetch(http: &HttpClient, site: &BaseUrl) -> Result<Credentials, Error> {
    let mut search = Search {
        http,
        found: Found::default(),
        places: Vec::new(),
        faults: Vec::new(),
        has_read: false,
    };
    search.script(site.join(KNOWN_BUNDLE)?).await?;
    if search.goes_on() {
        search.scripts_of_page(site.join("/")?).await?;
    }
    let (Some(api_secret), Some(secret)) = (&search.found.api_secret, &search.found.secret) else {
        return Err(search.into_error(site));
    };
    let (api_secret, secret) = (api_secret.clone(), secret.clone());
    http.redactor().add(&api_secret);
    http.redactor().add(&secret);
    Ok(Credentials { api_secret, secret })
}

/// A search through the documents of a site. One that cannot be read does not
/// end it.
struct Search<'a> {
    http: &'a HttpClient,
    found: Found,
    /// The scripts that were looked at.
    places: Vec<RequestUrl>,
    /// Why some documents could not be read.
    faults: Vec<Error>,
    /// Whether any document could be read.
    has_read: bool,
}

impl Search<'_> {
    /// Whether something is missing that the next document may have.
    fn goes_on(&self) -> bool {
        let silent = self.faults.iter().filter(|fault| is_silence(fault)).count();
        !self.found.missing().is_empty() && silent < MAX_SILENT
    }

    /// Searches one script.
    async fn script(&mut self, script: RequestUrl) -> Result<(), Error> {
        if let Some((_, text)) = self.read(&script).await? {
            self.found.search(&text);
        }
        self.places.push(script);
        Ok(())
    }

    /// Searches the scripts that a page of the site names, those of the site
    /// itself.
    async fn scripts_of_page(&mut self, page: RequestUrl) -> Result<(), Error> {
        let Some((page, text)) = self.read(&page).await? else {
            return Ok(());
        };
        let scripts = script_addresses(&text)
            .into_iter()
            .filter_map(|address| page.resolve_same_origin(&address));
        for script in scripts {
            if !self.goes_on() || self.places.len() > MAX_SCRIPTS {
                break;
            }
            if !self.places.contains(&script) {
                self.script(script).await?;
            }
        }
        Ok(())
    }

    /// Reads one document; `None` if that fails. The error is one that holds for
    /// the whole server, so that there is no point in going on.
    async fn read(&mut self, url: &RequestUrl) -> Result<Option<(RequestUrl, String)>, Error> {
        let read = async {
            let response = self.http.send(HttpRequest::get(url.clone())).await?;
            if !response.is_success() {
                return Err(response.into_error().await);
            }
            let url = response.url().clone();
            Ok((url, response.into_page().await?))
        };
        match read.await {
            Ok(document) => {
                self.has_read = true;
                Ok(Some(document))
            }
            Err(error) => match error.kind() {
                ErrorKind::Timeout(TimeoutPhase::Connect | TimeoutPhase::Total)
                | ErrorKind::RateLimited => Err(error),
                _ => {
                    self.faults.push(error);
                    Ok(None)
                }
            },
        }
    }

    /// The error for secrets that were not found: what is missing, where it was
    /// looked for, and what could not be read.
    fn into_error(self, site: &BaseUrl) -> Error {
        // A server that never answered, or has a login before all of it, has nothing
        // to be looked in.
        let is_login = |fault: &Error| fault.kind() == ErrorKind::Credentials;
        if let Some(first) = self.faults.first()
            && !self.has_read
            && (self.faults.iter().all(is_silence) || self.faults.iter().all(is_login))
        {
            return first.clone();
        }
        let mut message = format!("{} not found; looked in ", self.found.missing());
        for place in &self.places {
            message.push_str(&format!("{place}, "));
        }
        message.push_str(&format!("and the front page of {site}"));
        for fault in self.faults.iter().take(SHOWN_FAULTS) {
            message.push_str(&format!("; {}", fault.description()));
        }
        if let Some(more @ 1..) = self.faults.len().checked_sub(SHOWN_FAULTS) {
            message.push_str(&format!("; and {more} more errors"));
        }
        // A document that broke off says more than secrets that are missing, and
        // so does a server that answers with nothing but errors.
        let telling = self.faults.iter().find(|fault| match fault.status() {
            None | Some(200..300) => true,
            Some(_) => {
                !self.has_read && (fault.is_retryable() || fault.kind() == ErrorKind::Blocked)
            }
        });
        if let Some(fault) = telling {
            return fault.clone().with_context(&message);
        }
        let error = Error::new(ErrorKind::Credentials, message);
        let temporary = self.faults.iter().find(|fault| fault.is_retryable());
        match temporary.or(self.faults.last()) {
            Some(fault) => error
                .with_status(fault.status().unwrap_or_default())
                .with_retry_after(fault.retry_after())
                .with_retryable(temporary.is_some()),
            None => error,
        }
    }
}

/// Whether the server did not answer at all.
fn is_silence(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Connect | ErrorKind::Timeout(_))
}
