//! Your own HTTP client, a proxy, limits and headers: they apply to
//! every request of a provider, those for credentials included.
//!
//! ```sh
//! cargo run -p chatwire --features reqwest-client --example own_client -- --mock
//! HTTP_PROXY=http://localhost:8080 cargo run -p chatwire --features reqwest-client --example own_client -- http://example.org
//! ```

mod support;

use std::error::Error;
use std::time::Duration;

use chatwire::HttpConfig;
use chatwire::chatgpt4online::Chatgpt4Online;
use chatwire::{ChatRequest, ProviderExt};
use chatwire_mock::ProxyMock;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = support::server("chatgpt4online").await?;
    let question = ChatRequest::new("Why is the sky blue?");

    // Settings of this crate: it makes the client.
    let proxy = ProxyMock::start().await?;
    let http = HttpConfig::new()
        .with_proxy(proxy.url())
        .with_header("x-team", "search")
        .with_user_agent("my-program/1.0")
        .with_idle_timeout(Duration::from_secs(20))
        .with_total_timeout(Duration::from_secs(600));
    let site = Chatgpt4Online::builder()
        .base_url(&server.url)
        .http(http)
        .build()?;
    println!("{}", site.reply(&question).await?.text);
    for request in proxy.requests() {
        println!("through the proxy: {} {}", request.method, request.target);
    }

    // A client that the program has already: its connections, its TLS, its
    // proxy. It must not follow redirects, which may turn a POST into a GET.
    // The feature `rustls` leaves the cryptography of such clients to the
    // program, which has to choose once, before it builds the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(3))
        .build()?;
    let http = HttpConfig::new().with_client(client);
    let site = Chatgpt4Online::builder()
        .base_url(&server.url)
        .http(http)
        .build()?;
    println!("{}", site.reply(&question).await?.text);
    Ok(())
}
