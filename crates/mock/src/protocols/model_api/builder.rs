use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::api_server::ApiServer;
use crate::mock::Mock;
use crate::protocol::Protocol;

/// Options of a mock of a model API: [`OpenAiMock`](crate::OpenAiMock),
/// [`ResponsesMock`](crate::ResponsesMock) and [`AnthropicMock`](crate::AnthropicMock).
#[derive(Clone)]
#[must_use]
pub struct ApiMockBuilder<P> {
    addr: SocketAddr,
    api_key: Option<String>,
    models: Vec<String>,
    protocol: fn(ApiServer) -> P,
}

impl<P: Protocol> ApiMockBuilder<P> {
    pub(crate) fn new(protocol: fn(ApiServer) -> P) -> Self {
        Self {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            api_key: None,
            models: Vec::new(),
            protocol,
        }
    }

    /// The address to listen on.
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// Answers 401 to every request without this key (default: any key, or none).
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Adds a model. A server with models answers 404 to questions to any other; one without
    /// takes every name and lists `mock-model`.
    pub fn model(mut self, id: impl Into<String>) -> Self {
        self.models.push(id.into());
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub async fn start(self) -> io::Result<Mock<P>> {
        let server = ApiServer::new(self.api_key, self.models);
        Mock::serve(self.addr, (self.protocol)(server)).await
    }
}

impl<P> fmt::Debug for ApiMockBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiMockBuilder")
            .field("addr", &self.addr)
            .field("has_api_key", &self.api_key.is_some())
            .field("models", &self.models)
            .finish()
    }
}
