use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::mock::AiEngineMock;
use super::options::{Options, Permalinks};
use super::site::AiEngineProtocol;
use super::user::SiteUser;
use super::version::PluginVersion;

/// Options of an [`AiEngineMock`].
#[derive(Clone, Debug)]
#[must_use]
pub struct AiEngineMockBuilder {
    addr: SocketAddr,
    options: Options,
}

impl AiEngineMock {
    /// Starts a site with plugin 3.6.2 on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Options, to start with [`AiEngineMockBuilder::start`].
    pub fn builder() -> AiEngineMockBuilder {
        AiEngineMockBuilder {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            options: Options::default(),
        }
    }
}

impl AiEngineMockBuilder {
    /// The address to listen on.
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// The directory that the site is in, such as `/blog`.
    pub fn directory(mut self, directory: &str) -> Self {
        let directory = directory.trim_matches('/');
        self.options.directory = match directory {
            "" => String::new(),
            directory => format!("/{directory}"),
        };
        self
    }

    /// Where the REST API answers.
    pub fn permalinks(mut self, permalinks: Permalinks) -> Self {
        self.options.permalinks = permalinks;
        self
    }

    /// The plugin's version.
    pub fn version(mut self, version: PluginVersion) -> Self {
        self.options.version = version;
        self
    }

    /// The page with the chatbots, below the site's directory; `/`, the front page, unless set.
    pub fn bot_page(mut self, path: impl Into<String>) -> Self {
        self.options.bot_page = path.into();
        self
    }

    /// The bots on that page; `default` unless set.
    pub fn page_bots<I>(mut self, bots: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.options.page_bots = bots.into_iter().map(Into::into).collect();
        self
    }

    /// Shows a button for uploads on that page. The server takes uploads all the same without.
    pub fn upload_button(mut self) -> Self {
        self.options.shows_upload = true;
        self
    }

    /// Adds a model that the site has.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.options.models.push(model.into());
        self
    }

    /// Adds a bot that the site has.
    pub fn bot(mut self, bot: impl Into<String>) -> Self {
        self.options.bots.push(bot.into());
        self
    }

    /// Adds a bot that drops system messages from the history, as some do.
    pub fn bot_without_system(mut self, bot: impl Into<String>) -> Self {
        let bot = bot.into();
        self.options.bots_without_system.push(bot.clone());
        self.bot(bot)
    }

    /// Adds a user that the site has.
    pub fn user(mut self, user: SiteUser) -> Self {
        self.options.users.push(user);
        self
    }

    /// Adds a shortcut: a button with this label, which asks this message. Answers from 2.4.9 on
    /// have it; from 3.6.2 on they hide the message behind an id.
    pub fn shortcut(mut self, label: impl Into<String>, message: impl Into<String>) -> Self {
        self.options.shortcuts.push((label.into(), message.into()));
        self
    }

    /// How long a question may be (`textInputMaxLength`); 512 unless set, no limit with `None`.
    pub fn max_input(mut self, length: impl Into<Option<usize>>) -> Self {
        self.options.max_input = length.into();
        self
    }

    /// Answers guests only so many questions, and refuses those beyond as over the limit.
    pub fn question_limit(mut self, questions: u64) -> Self {
        self.options.question_limit = Some(questions);
        self
    }

    /// Answers the REST API for users only, as security plugins do: guests get 401.
    pub fn closed_to_guests(mut self) -> Self {
        self.options.is_closed_to_guests = true;
        self
    }

    /// Switches the plugin's chatbots module off: its routes do not exist.
    pub fn without_chatbots(mut self) -> Self {
        self.options.has_chatbots = false;
        self
    }

    /// Starts the site.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub async fn start(self) -> io::Result<AiEngineMock> {
        AiEngineMock::serve(self.addr, AiEngineProtocol::new(self.options)).await
    }
}
