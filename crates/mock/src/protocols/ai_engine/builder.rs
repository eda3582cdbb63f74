use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::mock::AiEngineMock;
use super::options::{Options, Permalinks};
use super::site::AiEngineProtocol;
use super::user::SiteUser;
use super::version::PluginVersion;

/// A builder for an [`AiEngineMock`].
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
    /// Returns an error if no port is free.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Returns a builder for the mock.
    pub fn builder() -> AiEngineMockBuilder {
        AiEngineMockBuilder {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            options: Options::default(),
        }
    }
}

impl AiEngineMockBuilder {
    /// Sets the address to listen on. The default is a free port of the loopback interface.
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// Sets the directory that the site is in, such as `/blog`.
    pub fn directory(mut self, directory: &str) -> Self {
        let directory = directory.trim_matches('/');
        self.options.directory = match directory {
            "" => String::new(),
            directory => format!("/{directory}"),
        };
        self
    }

    /// Sets where the REST API answers.
    pub fn permalinks(mut self, permalinks: Permalinks) -> Self {
        self.options.permalinks = permalinks;
        self
    }

    /// Sets the plugin's version. The default is 3.6.2.
    pub fn version(mut self, version: PluginVersion) -> Self {
        self.options.version = version;
        self
    }

    /// Sets the page with the chatbots, below the site's directory. The default is the front page.
    pub fn bot_page(mut self, path: impl Into<String>) -> Self {
        self.options.bot_page = path.into();
        self
    }

    /// Sets the bots on that page. The default is `default` alone.
    pub fn page_bots<I>(mut self, bots: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.options.page_bots = bots.into_iter().map(Into::into).collect();
        self
    }

    /// Shows a button for uploads on that page. The server takes uploads without it, too.
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

    /// Adds a shortcut: a button with this label that asks this message. Answers have it since
    /// 2.4.9, and hide the message behind an id since 3.6.2.
    pub fn shortcut(mut self, label: impl Into<String>, message: impl Into<String>) -> Self {
        self.options.shortcuts.push((label.into(), message.into()));
        self
    }

    /// Sets how long a question may be (`textInputMaxLength`). The default is 512; `None` is no
    /// limit.
    pub fn max_input(mut self, length: impl Into<Option<usize>>) -> Self {
        self.options.max_input = length.into();
        self
    }

    /// Answers guests this many questions, and refuses further ones as over the limit.
    pub fn question_limit(mut self, questions: u64) -> Self {
        self.options.question_limit = Some(questions);
        self
    }

    /// Refuses guests the REST API with 401, as security plugins do.
    pub fn closed_to_guests(mut self) -> Self {
        self.options.is_closed_to_guests = true;
        self
    }

    /// Turns the plugin's chatbots module off, so that its routes do not exist.
    pub fn without_chatbots(mut self) -> Self {
        self.options.has_chatbots = false;
        self
    }

    /// Starts the site.
    ///
    /// # Errors
    ///
    /// Returns an error if the address cannot be bound.
    pub async fn start(self) -> io::Result<AiEngineMock> {
        AiEngineMock::serve(self.addr, AiEngineProtocol::new(self.options)).await
    }
}
