/// A user of a WordPress site, besides its guests.
///
/// ```
/// use chatwire_mock::SiteUser;
///
/// let ann = SiteUser::member("ann").application_password("abcd EFGH 1234 ijkl MNOP 6789");
/// let owner = SiteUser::owner("admin");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SiteUser {
    pub(crate) name: String,
    pub(crate) is_owner: bool,
    application_password: Option<String>,
}

impl SiteUser {
    /// Creates a user who may read the site.
    pub fn member(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            is_owner: false,
            application_password: None,
        }
    }

    /// Creates a user who may change the site's settings.
    pub fn owner(name: impl Into<String>) -> Self {
        Self {
            is_owner: true,
            ..Self::member(name)
        }
    }

    /// Sets an application password, for requests with `Authorization: Basic`. A real site accepts
    /// one only over https; the mock, which speaks http, accepts it anyway.
    pub fn application_password(mut self, password: impl Into<String>) -> Self {
        self.application_password = Some(password.into());
        self
    }

    /// WordPress ignores blanks in application passwords.
    pub(crate) fn has_password(&self, password: &str) -> bool {
        let without_blanks = |text: &str| text.replace(' ', "");
        self.application_password
            .as_deref()
            .is_some_and(|own| without_blanks(own) == without_blanks(password))
    }
}
