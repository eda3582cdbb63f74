use super::user::SiteUser;
use super::version::PluginVersion;

/// Where the site's REST API answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Permalinks {
    /// At `/wp-json/…`, `/index.php?rest_route=…` and `/?rest_route=…`.
    #[default]
    Pretty,
    /// Only at `/index.php?rest_route=…` and `/?rest_route=…`; `/wp-json/…` is answered with
    /// status 200 and the front page.
    Plain,
    /// Only at `/?rest_route=…`; the other two are answered with status 200 and the front page.
    PlainRootOnly,
}

/// What a site is set to.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) directory: String,
    pub(crate) permalinks: Permalinks,
    pub(crate) version: PluginVersion,
    pub(crate) bot_page: String,
    pub(crate) page_bots: Vec<String>,
    pub(crate) shows_upload: bool,
    pub(crate) models: Vec<String>,
    pub(crate) bots: Vec<String>,
    pub(crate) bots_without_system: Vec<String>,
    pub(crate) users: Vec<SiteUser>,
    /// Labels and hidden messages.
    pub(crate) shortcuts: Vec<(String, String)>,
    pub(crate) max_input: Option<usize>,
    pub(crate) question_limit: Option<u64>,
    pub(crate) is_closed_to_guests: bool,
    pub(crate) has_chatbots: bool,
}

impl Default for Options {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            directory: String::new(),
            permalinks: Permalinks::default(),
            version: PluginVersion::default(),
            bot_page: "/".to_owned(),
            page_bots: owned(&["default"]),
            shows_upload: false,
            models: owned(&["gpt-5.5", "gpt-4o", "gpt-4o-mini", "gpt-4", "gpt-3.5-turbo"]),
            bots: owned(&["default", "custom"]),
            bots_without_system: Vec::new(),
            users: Vec::new(),
            shortcuts: Vec::new(),
            max_input: Some(512),
            question_limit: None,
            is_closed_to_guests: false,
            has_chatbots: true,
        }
    }
}
