//! A provider in a program without async.
//!
//! ```sh
//! cargo run -p chatwire --features blocking --example without_async -- --mock
//! ```

mod support;

use std::error::Error;
use std::io::{self, Write as _};

use chatwire::{ChatRequest, ProviderOptions, blocking};

fn main() -> Result<(), Box<dyn Error>> {
    // Only the mock needs a runtime here.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let server = runtime.block_on(support::server("aura"))?;

    let options = ProviderOptions::new().with_base_url(&server.url);
    let aura = blocking::provider("aura", options)?;
    for text in aura.texts(&ChatRequest::new("Why is the sky blue?"))? {
        print!("{}", text?);
        io::stdout().flush()?;
    }
    println!();
    Ok(())
}
