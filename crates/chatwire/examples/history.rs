//! A chat that remembers: each question goes out with all that was said. It
//! reads questions from standard input; with `--mock` it has two of its own.
//!
//! ```sh
//! cargo run -p chatwire --example history -- --mock
//! cargo run -p chatwire --example history -- http://localhost:3000
//! ```

mod support;

use std::error::Error;
use std::io;

use chatwire::aura::Aura;
use chatwire::{ChatRequest, Message, Messages, ProviderExt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = support::server("aura").await?;
    let aura = Aura::builder().base_url(&server.url).build()?;
    let questions: Box<dyn Iterator<Item = io::Result<String>>> =
        if std::env::args().any(|argument| argument == "--mock") {
            let own = ["Why is the sky blue?", "And at sunset?"];
            Box::new(own.into_iter().map(|question| Ok(question.to_owned())))
        } else {
            Box::new(io::stdin().lines())
        };

    let mut chat = ChatRequest::new(Messages::new().system("Answer in one sentence."));
    for question in questions {
        chat.messages_mut().push(Message::user(question?));
        match aura.reply(&chat).await {
            Ok(reply) => {
                println!("{}", reply.text);
                chat.messages_mut().push(Message::assistant(reply.text));
            }
            Err(incomplete) => {
                // Half an answer is not remembered, and the question can be
                // put again.
                eprintln!("{}\n{}", incomplete.text, incomplete.error);
                let mut messages = std::mem::take(chat.messages_mut()).into_vec();
                messages.pop();
                *chat.messages_mut() = messages.into_iter().collect();
            }
        }
    }
    println!("{} messages", chat.messages().len());
    Ok(())
}
