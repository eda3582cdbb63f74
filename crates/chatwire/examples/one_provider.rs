//! One provider, its answer printed as it arrives.
//!
//! ```sh
//! cargo run -p chatwire --example one_provider -- --mock
//! cargo run -p chatwire --example one_provider -- http://localhost:3000
//! ```

mod support;

use std::error::Error;
use std::io::{self, Write as _};

use chatwire::aura::Aura;
use chatwire::{ChatRequest, Provider, ReplyEvent};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = support::server("aura").await?;
    let aura = Aura::builder().base_url(&server.url).build()?;

    let question = ChatRequest::new("Why is the sky blue?").with_temperature(0.2);
    let mut reply = aura.stream(&question).await?;
    while let Some(event) = reply.next().await {
        match event? {
            ReplyEvent::Text(text) => {
                print!("{text}");
                io::stdout().flush()?;
            }
            ReplyEvent::Finish(finish) => println!("\n({})", finish.reason.as_str()),
            _ => {}
        }
    }
    Ok(())
}
