use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::bundle::Bundle;
use super::mock::MagickPenMock;
use super::site::MagickPenProtocol;

/// A builder for a [`MagickPenMock`].
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
    /// Returns an error if no port is free.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Returns a builder for the mock.
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
    /// Sets the address to listen on. The default is a free port of the loopback interface.
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// Sets the bundle's hash, part of its path `/_nuxt/<hash>.js`. Other paths there are 404.
    pub fn hash(mut self, hash: impl Into<String>) -> Self {
        self.hash = hash.into();
        self
    }

    /// Sets what the bundle looks like.
    pub fn bundle(mut self, bundle: Bundle) -> Self {
        self.bundle = bundle;
        self
    }

    /// Sets the origin that requests to the API must name, without a slash at its end, for a mock
    /// that serves only the API. The default is the address that the request went to.
    pub fn origin(mut self, site: impl Into<String>) -> Self {
        self.origin = Some(site.into());
        self
    }

    /// Starts the mock.
    ///
    /// # Errors
    ///
    /// Returns an error if the address cannot be bound.
    pub async fn start(self) -> io::Result<MagickPenMock> {
        let protocol = MagickPenProtocol::new(self.hash, self.bundle, self.origin);
        MagickPenMock::serve(self.addr, protocol).await
    }
}
