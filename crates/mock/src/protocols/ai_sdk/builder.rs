use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;

use super::mock::AiSdkMock;
use super::server::{AiSdkProtocol, Demand};
use super::version::{AiSdkRoute, AiSdkStream, AiSdkVersion};

/// Options of an [`AiSdkMock`].
#[derive(Clone, Debug)]
#[must_use]
pub struct AiSdkMockBuilder {
    addr: SocketAddr,
    version: AiSdkVersion,
    stream: Option<AiSdkStream>,
    route: AiSdkRoute,
    path: String,
    masks_errors: bool,
    demands: Vec<Demand>,
    members: Vec<String>,
}

impl AiSdkMock {
    /// Starts a server of the newest version on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Options, to start with [`AiSdkMockBuilder::start`].
    pub fn builder() -> AiSdkMockBuilder {
        AiSdkMockBuilder {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            version: AiSdkVersion::default(),
            stream: None,
            route: AiSdkRoute::default(),
            path: "/api/chat".to_owned(),
            masks_errors: true,
            demands: Vec::new(),
            members: Vec::new(),
        }
    }
}

impl AiSdkMockBuilder {
    /// The address to listen on.
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// The version of the package (default: the newest).
    pub fn version(mut self, version: AiSdkVersion) -> Self {
        self.version = version;
        self
    }

    /// How the server answers (default: as its version does).
    pub fn stream(mut self, stream: AiSdkStream) -> Self {
        self.stream = Some(stream);
        self
    }

    /// What the route does with the messages of a request.
    pub fn route(mut self, route: AiSdkRoute) -> Self {
        self.route = route;
        self
    }

    /// The path of the route (default: `/api/chat`).
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Whether errors of the model are masked, as they are by default.
    pub fn masks_errors(mut self, yes: bool) -> Self {
        self.masks_errors = yes;
        self
    }

    /// Throws where the body lacks this member, as an app does that needs `model`.
    pub fn require_member(mut self, name: impl Into<String>) -> Self {
        self.members.push(name.into());
        self
    }

    /// Answers 401 to every question without this header.
    pub fn require_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.demands.push(Demand::Header(name.into(), value.into()));
        self
    }

    /// Answers 401 to every question without this cookie.
    pub fn require_cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.demands.push(Demand::Cookie(name.into(), value.into()));
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub async fn start(self) -> io::Result<AiSdkMock> {
        let protocol = AiSdkProtocol {
            version: self.version,
            stream: self.stream.unwrap_or(self.version.default_stream()),
            route: self.route,
            path: self.path,
            masks_errors: self.masks_errors,
            demands: self.demands,
            members: self.members,
            received: Mutex::default(),
        };
        AiSdkMock::serve(self.addr, protocol).await
    }
}
