use crate::config::Config;
use crate::page::Bot;

/// The chatbot that a request goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChosenBot {
    /// One of the site's.
    OfSite(String),
    /// A custom one of a page.
    Custom(String),
    /// One of the site's, changed by a custom one of a page.
    Both(String, String),
}

use ChosenBot::{Both, Custom, OfSite};

impl ChosenBot {
    /// The configured one.
    pub(crate) fn configured(config: &Config) -> ChosenBot {
        match (&config.bot_id, &config.custom_id) {
            (None, None) => OfSite("default".to_owned()),
            (Some(bot), None) => OfSite(bot.clone()),
            (None, Some(custom)) => Custom(custom.clone()),
            (Some(bot), Some(custom)) => Both(bot.clone(), custom.clone()),
        }
    }

    /// The one of these that a request calls by this name.
    pub(crate) fn named(name: &str, bots: &[Bot]) -> Option<ChosenBot> {
        let bot = bots.iter().find(|bot| bot.id() == Some(name))?;
        Some(match &bot.bot_id {
            Some(id) => OfSite(id.clone()),
            None => Custom(name.to_owned()),
        })
    }

    pub(crate) fn bot_id(&self) -> Option<&str> {
        match self {
            OfSite(bot) | Both(bot, _) => Some(bot),
            Custom(_) => None,
        }
    }

    pub(crate) fn custom_id(&self) -> Option<&str> {
        match self {
            Custom(custom) | Both(_, custom) => Some(custom),
            OfSite(_) => None,
        }
    }

    /// The name that stands for it.
    pub(crate) fn id(&self) -> &str {
        match self {
            OfSite(id) | Custom(id) | Both(_, id) => id,
        }
    }
}
