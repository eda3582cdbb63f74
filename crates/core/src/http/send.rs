use http::Method;
use http::header::{HeaderValue, LOCATION, USER_AGENT};
use tokio::time::timeout_at;

use super::connect::Connections;
use super::deadlines::Deadlines;
use super::failure::{send_error, timeout_error};
use super::policy::Policy;
use super::redirect::{is_login, refused};
use super::request::HttpRequest;
use super::tunnel;
use super::url::{RequestUrl, userinfo_secrets};
use crate::error::{Error, ErrorKind, TimeoutPhase};

/// The user agent where neither the caller nor the provider has one.
const DEFAULT_AGENT: &str = concat!("chatwire/", env!("CARGO_PKG_VERSION"));

/// How often a redirect is followed.
const MAX_REDIRECTS: usize = 5;

/// Sends one request.
pub(super) struct Sender<'a> {
    pub(super) connections: &'a Connections,
    pub(super) policy: &'a Policy,
    pub(super) deadlines: Deadlines,
}

impl Sender<'_> {
    /// Sends a request and follows redirects. Returns the head of the response
    /// and the address that it came from.
    pub(super) async fn send(
        &self,
        mut request: HttpRequest,
    ) -> Result<(reqwest::Response, RequestUrl), Error> {
        let mut hop = 0;
        loop {
            let response = self.exchange(&request).await?;
            let status = response.status().as_u16();
            let repeats = match status {
                301 | 302 | 307 | 308 => true,
                // "See other" asks for a GET, which no POST becomes here.
                303 => request.method == Method::GET,
                _ => false,
            };
            let location = response
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok())
                .and_then(|location| request.url.resolve(location));
            let next = match location {
                Some(next) if request.follows_redirects && (repeats || status == 303) => next,
                _ => return Ok((response, request.url)),
            };
            let is_elsewhere = !next.same_origin(&request.url);
            let is_login = is_login(&next) && !is_login(&request.url);
            if !repeats || is_elsewhere || is_login {
                return Err(refused(&request.url, &next, status));
            }
            if hop == MAX_REDIRECTS {
                let why = format!("{} redirects more than {MAX_REDIRECTS} times", request.url);
                return Err(Error::new(ErrorKind::Status, why).with_status(status));
            }
            hop += 1;
            let to = next.to_string();
            tracing::debug!(status, to = %self.policy.redactor.text(&to), "redirect");
            request.url = next.with_userinfo_of(&request.url);
        }
    }

    /// Sends the request once, and once more if its connection was closed
    /// before the request could be served.
    async fn exchange(&self, request: &HttpRequest) -> Result<reqwest::Response, Error> {
        self.connections.check(&request.url)?;
        let pool = self.connections.of_this_runtime()?;
        let sent = async {
            let pooled = &pool.pooled;
            match pooled.execute(self.build(pooled, request)?).await {
                Err(error) if pool.served.has_closed(&error) => {
                    tracing::debug!("a reused connection was closed: sending again");
                    let fresh = &pool.fresh;
                    fresh.execute(self.build(fresh, request)?).await
                }
                result => result,
            }
        };
        let result = match self.deadlines.of_head() {
            Some(deadline) => timeout_at(deadline, sent)
                .await
                .map_err(|_| self.head_timeout())?,
            None => sent.await,
        };
        let response = match result {
            Ok(response) => response,
            Err(error) => return Err(self.failed(error, &request.url).await),
        };
        pool.served.add(&response);
        tracing::debug!(
            status = response.status().as_u16(),
            elapsed = ?self.deadlines.started.elapsed(),
            "response head"
        );
        Ok(response)
    }

    /// The error for a request that got no response head.
    async fn failed(&self, error: reqwest::Error, url: &RequestUrl) -> Error {
        if tunnel::is_refusal(&error)
            && let Some(proxy) = self.connections.proxy_of(url)
            && let Some(refusal) = tunnel::refusal(&proxy, url).await
        {
            return refusal.with_source(error.without_url());
        }
        send_error(error, url, &self.policy.config)
    }

    fn head_timeout(&self) -> Error {
        let config = &self.policy.config;
        let total = self.deadlines.total;
        let error = if total.is_some() && total == self.deadlines.of_head() {
            timeout_error(TimeoutPhase::Total, config.total_timeout)
        } else {
            timeout_error(TimeoutPhase::Head, config.first_byte_timeout)
        };
        match self.connections.is_borrowed() {
            true => error.with_context(
                "your own HTTP client is used in a second tokio runtime, and its connections may \
                 belong to one that stands still",
            ),
            false => error,
        }
    }

    fn build(
        &self,
        client: &reqwest::Client,
        request: &HttpRequest,
    ) -> Result<reqwest::Request, reqwest::Error> {
        // The builder makes a header of a user name and password in the
        // address. Servers repeat headers in their error pages.
        for secret in userinfo_secrets(&request.url.0) {
            self.policy.redactor.keep(&secret);
        }
        let builder = client.request(request.method.clone(), request.url.0.clone());
        let mut built = builder.headers(request.headers.clone()).build()?;
        let headers = built.headers_mut();
        if !headers.contains_key(USER_AGENT) {
            headers.insert(USER_AGENT, HeaderValue::from_static(DEFAULT_AGENT));
        }
        for name in self.policy.headers.keys() {
            headers.remove(name);
        }
        // A name can stand there several times, with a value each.
        for (name, value) in &self.policy.headers {
            headers.append(name, value.clone());
        }
        *built.body_mut() = request.body.clone().map(reqwest::Body::from);
        Ok(built)
    }
}
