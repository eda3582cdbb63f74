//! MagickPen: the site with its bundle, and the API.

mod builder;
mod bundle;
mod mock;
mod signature;
mod site;

pub use builder::MagickPenMockBuilder;
pub use bundle::Bundle;
pub use mock::MagickPenMock;
pub use site::MagickPenProtocol;
