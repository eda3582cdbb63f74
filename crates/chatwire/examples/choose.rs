//! The provider is chosen at run time, by its name.
//!
//! ```sh
//! cargo run -p chatwire --example choose -- magickpen --mock
//! cargo run -p chatwire --example choose -- chatgpt4online https://example.org/blog
//! ```

mod support;

use std::error::Error;

use chatwire::{ChatRequest, ProviderExt, ProviderOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    for kind in chatwire::providers() {
        println!("{:16} {}", kind.name, kind.server);
    }
    let name = match std::env::args().nth(1) {
        Some(name) if !name.starts_with("--") => name,
        _ => "chatgpt4online".to_owned(),
    };

    let server = support::server(&name).await?;
    let options = ProviderOptions::new().with_base_url(&server.url);
    let provider = chatwire::provider(&name, options)?;
    println!("\n{}: {:?}", name, provider.info().capabilities.names());

    let reply = provider
        .reply(&ChatRequest::new("Why is the sky blue?"))
        .await?;
    println!("{}", reply.text);
    Ok(())
}
