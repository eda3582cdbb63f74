use chatwire_browser::ActiveSession;
use chatwire_core::Error;
use chatwire_core::provider_kit::{HttpClient, HttpRequest, HttpResponse};
use http::header::{HeaderMap, HeaderName};

/// The header with a visitor's nonce.
pub(crate) const WP_NONCE: HeaderName = HeaderName::from_static("x-wp-nonce");

/// The start of the name of the cookie that a login leaves.
const LOGIN: &str = "wordpress_logged_in_";

/// A site as one visitor asks it.
pub(crate) struct Site<'a> {
    pub(crate) http: &'a HttpClient,
    pub(crate) active: &'a ActiveSession,
    pub(crate) headers: &'a HeaderMap,
}

impl Site<'_> {
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Error> {
        let request = request.headers(self.headers);
        self.http.send(self.active.apply(request)).await
    }

    /// Whether the visitor has the cookie of a login. An application password
    /// needs none.
    pub(crate) fn has_login(&self) -> bool {
        let session = self.active.session();
        session.is_some_and(|session| session.cookie_names().any(|name| name.starts_with(LOGIN)))
    }
}
