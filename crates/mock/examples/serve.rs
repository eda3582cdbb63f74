//! A mock server on its own, to point any client at. It prints its address and
//! runs until it is stopped.
//!
//! ```sh
//! cargo run -p chatwire-mock --example serve -- aura
//! cargo run -p chatwire-mock --example serve -- chatgpt4online 127.0.0.1:8080
//! ```

use std::error::Error;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};

use chatwire_mock::AnyMock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let provider = arguments.next().unwrap_or_default();
    let addr = match arguments.next() {
        Some(addr) => addr.parse()?,
        None => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    };
    let mock = AnyMock::bind(&provider, addr).await?;
    println!("{}", mock.base_url());
    pending().await
}
