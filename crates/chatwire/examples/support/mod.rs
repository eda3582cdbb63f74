//! The server that an example asks: the one whose address it is given, or with
//! `--mock` one inside the program.

use std::error::Error;
use std::io;

use chatwire_mock::AnyMock;

/// A server, and the mock behind it as long as it is wanted.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) url: String,
    _mock: Option<AnyMock>,
}

/// The server for that provider, from the last argument.
pub(crate) async fn server(provider: &str) -> Result<Server, Box<dyn Error>> {
    let argument = std::env::args().skip(1).last();
    match argument.as_deref() {
        Some("--mock") => Ok(mock(provider).await?),
        Some(url) if url.contains("://") => Ok(Server {
            url: url.to_owned(),
            _mock: None,
        }),
        _ => Err("give the address of a server, or --mock".into()),
    }
}

async fn mock(provider: &str) -> io::Result<Server> {
    let mock = AnyMock::by_name(provider).await?;
    eprintln!("The answer comes from a mock of {provider}, not from a model.");
    Ok(Server {
        url: mock.base_url(),
        _mock: Some(mock),
    })
}
