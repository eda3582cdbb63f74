//! Guests and users, their nonces and sessions.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::options::Options;
use super::user::SiteUser;
use super::wordpress::{error, invalid_nonce};
use crate::answers::Answer;
use crate::md5_hex::md5_hex;
use crate::server::RecordedRequest;
use crate::sync::lock;

#[derive(Debug, Default)]
pub(crate) struct Access {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    generation: u64,
    /// The oldest generation that is still accepted.
    accepted_from: u64,
    sessions: usize,
}

/// Who a request to the REST API comes from.
#[derive(Debug)]
pub(crate) struct Visitor<'a> {
    /// `None` for guests.
    pub(crate) user: Option<&'a SiteUser>,
    /// Whether the request carries a nonce in its header that is this visitor's.
    pub(crate) has_nonce: bool,
    /// Whether WordPress answers with a nonce in a header.
    pub(crate) gets_nonce: bool,
    /// The fresh nonce, where the request's is ageing.
    pub(crate) new_token: Option<String>,
}

/// Why WordPress refuses a request before it looks at the route.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Denial {
    InvalidNonce,
    ClosedToGuests,
    UnknownUser,
    WrongPassword,
}

impl Denial {
    pub(crate) fn answer(self) -> Answer {
        match self {
            Self::InvalidNonce => invalid_nonce(),
            Self::ClosedToGuests => {
                let message = "REST API restricted to authenticated users.";
                error(401, "rest_disabled", message)
            }
            Self::UnknownUser => {
                let message = "<strong>Error:</strong> The username is not registered on this site. If you are unsure of your username, try your email address instead.";
                error(401, "invalid_username", message)
            }
            Self::WrongPassword => {
                let message = "The provided password is an invalid application password.";
                error(401, "incorrect_password", message)
            }
        }
    }
}

impl Visitor<'_> {
    pub(crate) fn is_owner(&self) -> bool {
        self.user.is_some_and(|user| user.is_owner)
    }
}

impl Access {
    pub(crate) fn expire(&self) {
        let mut state = lock(&self.state);
        state.generation += 1;
        state.accepted_from = state.generation;
    }

    pub(crate) fn age(&self) {
        let mut state = lock(&self.state);
        state.accepted_from = state.generation;
        state.generation += 1;
    }

    /// The nonce that this user gets now.
    pub(crate) fn nonce(&self, user: Option<&SiteUser>) -> String {
        nonce(lock(&self.state).generation, user)
    }

    pub(crate) fn sessions(&self) -> usize {
        lock(&self.state).sessions
    }

    /// Counts a session and returns an id for it.
    pub(crate) fn start_session(&self) -> String {
        let mut state = lock(&self.state);
        state.sessions += 1;
        format!("6b0069dabf{:03x}", state.sessions)
    }

    /// The user whose login cookie a request carries.
    pub(crate) fn logged_in<'a>(
        &self,
        request: &RecordedRequest,
        options: &'a Options,
    ) -> Option<&'a SiteUser> {
        let given = request.cookie(&cookie_name(options))?;
        options.users.iter().find(|user| cookie(user) == given)
    }

    /// Who a request to the REST API comes from, or WordPress's refusal.
    pub(crate) fn visitor<'a>(
        &self,
        request: &RecordedRequest,
        options: &'a Options,
    ) -> Result<Visitor<'a>, Denial> {
        let visitor = match basic(request) {
            Some(credentials) => {
                let user = with_password(&credentials, options)?;
                // WordPress does not look at the nonce then, but the plugin does.
                let given = request.header("x-wp-nonce").unwrap_or_default();
                Visitor {
                    user: Some(user),
                    has_nonce: self.verify(given, Some(user)).is_some(),
                    gets_nonce: false,
                    new_token: None,
                }
            }
            None => self.with_cookie(request, options)?,
        };
        if visitor.user.is_none() && options.is_closed_to_guests {
            return Err(Denial::ClosedToGuests);
        }
        Ok(visitor)
    }

    /// A login cookie counts only together with its own nonce.
    fn with_cookie<'a>(
        &self,
        request: &RecordedRequest,
        options: &'a Options,
    ) -> Result<Visitor<'a>, Denial> {
        let in_header = request.header("x-wp-nonce");
        let in_query = request.query("_wpnonce");
        let Some(given) = in_header.or(in_query.as_deref()) else {
            return Ok(Visitor {
                user: None,
                has_nonce: false,
                gets_nonce: false,
                new_token: None,
            });
        };
        let user = self.logged_in(request, options);
        let new_token = self.verify(given, user).ok_or(Denial::InvalidNonce)?;
        Ok(Visitor {
            user,
            has_nonce: in_header.is_some(),
            gets_nonce: true,
            new_token: new_token.filter(|_| options.version.has_sessions()),
        })
    }

    /// What a nonce is worth: `None` if nothing, else the fresh one where it is ageing.
    fn verify(&self, given: &str, user: Option<&SiteUser>) -> Option<Option<String>> {
        let state = lock(&self.state);
        let current = nonce(state.generation, user);
        if given == current {
            return Some(None);
        }
        let is_ageing =
            (state.accepted_from..state.generation).any(|old| nonce(old, user) == given);
        is_ageing.then_some(Some(current))
    }
}

/// Ten hexadecimal digits, as WordPress makes them.
fn nonce(generation: u64, user: Option<&SiteUser>) -> String {
    let user = user.map_or("", |user| user.name.as_str());
    let mut nonce = md5_hex(&format!("nonce {generation} {user}"));
    nonce.truncate(10);
    nonce
}

pub(crate) fn cookie_name(options: &Options) -> String {
    format!("wordpress_logged_in_{}", md5_hex(&options.directory))
}

/// The value of a user's login cookie.
pub(crate) fn cookie(user: &SiteUser) -> String {
    let name = &user.name;
    format!(
        "{name}%7C1795853504%7C{}",
        md5_hex(&format!("cookie {name}"))
    )
}

/// The name and the password of an `Authorization: Basic` header.
fn basic(request: &RecordedRequest) -> Option<String> {
    let (scheme, credentials) = request.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = STANDARD.decode(credentials.trim()).unwrap_or_default();
    Some(String::from_utf8_lossy(&credentials).into_owned())
}

fn with_password<'a>(credentials: &str, options: &'a Options) -> Result<&'a SiteUser, Denial> {
    let (name, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let user = options.users.iter().find(|user| user.name == name);
    let user = user.ok_or(Denial::UnknownUser)?;
    if user.has_password(password) {
        Ok(user)
    } else {
        Err(Denial::WrongPassword)
    }
}
