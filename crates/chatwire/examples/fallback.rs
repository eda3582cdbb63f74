//! Several providers as one: each is asked up to three times, and the next one
//! when that does not help. Here the first cannot be reached.
//!
//! ```sh
//! cargo run -p chatwire --example fallback -- --mock
//! ```

mod support;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use chatwire::aura::Aura;
use chatwire::chatgpt4online::Chatgpt4Online;
use chatwire::{ChatRequest, Fallback, ProviderExt, Retry};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = support::server("chatgpt4online").await?;
    // Port 9 discards what it gets, if anything listens there at all.
    let away = Aura::builder().base_url("http://127.0.0.1:9").build()?;
    let there = Chatgpt4Online::builder().base_url(&server.url).build()?;

    let either = Fallback::new(vec![
        Arc::new(Retry::new(away).with_min_delay(Duration::from_millis(50))),
        Arc::new(Retry::new(there)),
    ]);
    let reply = either
        .reply(&ChatRequest::new("Why is the sky blue?"))
        .await?;
    println!("{} answered: {}", reply.provider, reply.text);
    Ok(())
}
