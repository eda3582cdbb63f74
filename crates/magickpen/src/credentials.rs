use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest, RequestUrl};
use chatwire_core::{Error, ErrorKind, Secret};

use crate::bundle::{Found, script_addresses};

/// Where the bundle was last seen. The hash in it changes with every
/// deployment, so this is only a first guess.
const KNOWN_BUNDLE: &str = "/_nuxt/bf709a9ce19f14e18116.js";

/// How many scripts of a page are read.
const MAX_SCRIPTS: usize = 24;

/// What the server wants to see with every request.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) api_secret: Secret,
    pub(crate) secret: Secret,
}

/// Reads the credentials from the site's scripts: from the one that held them
/// last, or from those that the front page names.
pub(crate) async fn fetch(http: &HttpClient, site: &BaseUrl) -> Result<Credentials, Error> {
    let mut found = Found::default();
    let known = site.join(KNOWN_BUNDLE)?;
    search(http, &known, &mut found).await?;
    let mut looked_at = vec![known];
    if !found.missing().is_empty() {
        discover(http, site, &mut found, &mut looked_at).await?;
    }
    let missing = found.missing().join(" and ");
    match (found.api_secret, found.secret) {
        (Some(api_secret), Some(secret)) => {
            for secret in [&api_secret, &secret] {
                http.redactor().add(secret);
            }
            Ok(Credentials { api_secret, secret })
        }
        _ => {
            let places: Vec<String> = looked_at.iter().map(RequestUrl::to_string).collect();
            Err(Error::new(
                ErrorKind::Credentials,
                format!(
                    "{missing} not found; looked in {} and the front page of {site}",
                    places.join(", ")
                ),
            ))
        }
    }
}

/// Searches the scripts of the site's own that its front page names.
async fn discover(
    http: &HttpClient,
    site: &BaseUrl,
    found: &mut Found,
    looked_at: &mut Vec<RequestUrl>,
) -> Result<(), Error> {
    let front = site.join("/")?;
    let response = http.send(HttpRequest::get(front)).await?;
    if !response.is_success() {
        return Err(response.into_error().await);
    }
    let front = response.url().clone();
    let page = response.into_page().await?;
    let scripts = script_addresses(&page)
        .into_iter()
        .filter_map(|address| front.resolve(&address))
        .filter(|script| script.same_origin(&front));
    for script in scripts {
        if looked_at.contains(&script) {
            continue;
        }
        if looked_at.len() > MAX_SCRIPTS {
            break;
        }
        search(http, &script, found).await?;
        looked_at.push(script);
        if found.missing().is_empty() {
            break;
        }
    }
    Ok(())
}

/// Searches one script; one that is not there has nothing.
async fn search(http: &HttpClient, script: &RequestUrl, found: &mut Found) -> Result<(), Error> {
    let response = http.send(HttpRequest::get(script.clone())).await?;
    match response.status() {
        200..300 => found.search(&response.into_page().await?),
        404 | 410 => {}
        _ => return Err(response.into_error().await),
    }
    Ok(())
}
