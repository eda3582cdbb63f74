use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::demand::Demand;
use super::flavour::AuraFlavour;
use super::mock::AuraMock;
use super::server::AuraProtocol;

/// Options of an [`AuraMock`].
#[derive(Clone, Debug)]
#[must_use]
pub struct AuraMockBuilder {
    addr: SocketAddr,
    flavour: AuraFlavour,
    models: Vec<(String, String)>,
    demands: Vec<Demand>,
}

impl AuraMock {
    /// Starts an openchat-ui server on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Options, to start with [`AuraMockBuilder::start`].
    pub fn builder() -> AuraMockBuilder {
        AuraMockBuilder {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            flavour: AuraFlavour::default(),
            models: Vec::new(),
            demands: Vec::new(),
        }
    }
}

impl AuraMockBuilder {
    /// Which of the two servers is played.
    pub fn flavour(mut self, flavour: AuraFlavour) -> Self {
        self.flavour = flavour;
        self
    }

    /// The address to listen on.
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// Adds a model; the first one replaces the flavour's own list.
    pub fn model(mut self, id: impl Into<String>, name: impl Into<String>) -> Self {
        self.models.push((id.into(), name.into()));
        self
    }

    /// Answers 401 to every request without this header.
    pub fn require_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.demands.push(Demand::Header(name.into(), value.into()));
        self
    }

    /// Answers 401 to every request without this cookie.
    pub fn require_cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.demands.push(Demand::Cookie(name.into(), value.into()));
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub async fn start(self) -> io::Result<AuraMock> {
        let mut models = self.models;
        if models.is_empty() {
            let own = self.flavour.models().into_iter();
            models = own.map(|(id, name)| (id.into(), name.into())).collect();
        }
        let protocol = AuraProtocol::new(self.flavour, models, self.demands);
        AuraMock::serve(self.addr, protocol).await
    }
}
