use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::demand::Demand;
use super::flavour::AuraFlavour;
use super::mock::AuraMock;
use super::server::AuraProtocol;

/// A builder for an [`AuraMock`].
#[derive(Clone, Debug)]
#[must_use]
pub struct AuraMockBuilder {
    addr: SocketAddr,
    flavour: AuraFlavour,
    models: Vec<(String, String)>,
    demands: Vec<Demand>,
    content_type: Option<String>,
}

impl AuraMock {
    /// Starts an openchat-ui server on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// Returns an error if no port is free.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Returns a builder for the mock.
    pub fn builder() -> AuraMockBuilder {
        AuraMockBuilder {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            flavour: AuraFlavour::default(),
            models: Vec::new(),
            demands: Vec::new(),
            content_type: None,
        }
    }
}

impl AuraMockBuilder {
    /// Which server the mock imitates.
    pub fn flavour(mut self, flavour: AuraFlavour) -> Self {
        self.flavour = flavour;
        self
    }

    /// Sets the address to listen on. The default is a free port of the loopback interface.
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// Adds a model. The first one replaces the flavour's own list.
    pub fn model(mut self, id: impl Into<String>, name: impl Into<String>) -> Self {
        self.models.push((id.into(), name.into()));
        self
    }

    /// Answers requests without this header with 401.
    pub fn require_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.demands.push(Demand::Header(name.into(), value.into()));
        self
    }

    /// Answers requests without this cookie with 401.
    pub fn require_cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.demands.push(Demand::Cookie(name.into(), value.into()));
        self
    }

    /// Sets the content type of answers, which the server itself leaves out: a proxy may guess one.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// Returns an error if the address cannot be bound.
    pub async fn start(self) -> io::Result<AuraMock> {
        let mut models = self.models;
        if models.is_empty() {
            let own = self.flavour.models().into_iter();
            models = own.map(|(id, name)| (id.into(), name.into())).collect();
        }
        let protocol = AuraProtocol::new(self.flavour, models, self.demands, self.content_type);
        AuraMock::serve(self.addr, protocol).await
    }
}
