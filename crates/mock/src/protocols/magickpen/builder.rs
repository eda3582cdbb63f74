use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::bundle::Bundle;
use super::mock::MagickPenMock;
use super::site::MagickPenProtocol;

/// Options of a [`MagickPenMock`].
#[derive(Clone, Debug)]
#[must_use]
pub struct MagickPenMockBuilder {
    addr: SocketAddr,
    hash: String,
    bundle: Bundle,
    origin: Option<String>,
}

impl MagickPenMock {
    /// Starts a mock on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Options, to start with [`MagickPenMockBuilder::start`].
    pub fn builder() -> MagickPenMockBuilder {
        MagickPenMockBuilder {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            hash: Self::LAST_KNOWN_HASH.to_owned(),
            bundle: Bundle::Latest,
            origin: None,
        }
    }
}

impl MagickPenMockBuilder {
    /// The address to listen on.
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// The bundle's hash, part of its path `/_nuxt/<hash>.js`. Every other path there is 404.
    pub fn hash(mut self, hash: impl Into<String>) -> Self {
        self.hash = hash.into();
        self
    }

    /// What the bundle looks like.
    pub fn bundle(mut self, bundle: Bundle) -> Self {
        self.bundle = bundle;
        self
    }

    /// The site that requests to the API must name as their origin, without a slash at its end,
    /// where the mock plays the API alone. Otherwise it is the address that the request went to.
    pub fn origin(mut self, site: impl Into<String>) -> Self {
        self.origin = Some(site.into());
        self
    }

    /// Starts the mock.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub async fn start(self) -> io::Result<MagickPenMock> {
        let protocol = MagickPenProtocol::new(self.hash, self.bundle, self.origin);
        MagickPenMock::serve(self.addr, protocol).await
    }
}
