//! A provider's mock server inside the program.

use chatwire_mock::AnyMock;

use crate::failure::Failure;

/// Starts the mock of the named provider on a free port of the loopback
/// interface. It answers until it is dropped.
pub(crate) async fn start(provider: &str) -> Result<AnyMock, Failure> {
    AnyMock::by_name(provider)
        .await
        .map_err(|error| Failure::Other(format!("the mock cannot be started: {error}")))
}
