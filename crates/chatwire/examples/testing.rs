//! Testing your own code against the mock servers: what it sends, what it does
//! with an answer that comes in pieces, and what with one that breaks off.
//!
//! ```sh
//! cargo test -p chatwire --example testing
//! cargo run -p chatwire --example testing -- --mock
//! ```

mod support;

use std::error::Error;

use chatwire::aura::Aura;
use chatwire::{ChatRequest, Messages, Provider, ProviderExt};

/// The code to test: the title for a text, or the text's first words when the
/// backend does not answer.
async fn title(provider: &dyn Provider, text: &str) -> String {
    let messages = Messages::new()
        .system("Give a title of at most five words.")
        .user(text);
    match provider.reply(&ChatRequest::new(messages)).await {
        Ok(reply) => reply.text.trim().trim_matches('"').to_owned(),
        Err(_) => text
            .split_whitespace()
            .take(5)
            .collect::<Vec<_>>()
            .join(" "),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = support::server("aura").await?;
    let aura = Aura::builder().base_url(&server.url).build()?;
    println!(
        "{}",
        title(&aura, "The sky is blue because air scatters blue light.").await
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::title;
    use chatwire::aura::Aura;
    use chatwire_mock::{Answer, AuraMock, Ending};

    const TEXT: &str = "The sky is blue because air scatters blue light.";

    async fn title_with(answer: Answer) -> (String, AuraMock) {
        let mock = AuraMock::start().await.unwrap();
        mock.answer(answer);
        let aura = Aura::builder().base_url(mock.url()).build().unwrap();
        (title(&aura, TEXT).await, mock)
    }

    #[tokio::test]
    async fn the_pieces_become_a_title() {
        let (title, mock) = title_with(Answer::stream(["\"Why the ", "Sky Is Blue\"\n"])).await;
        assert_eq!(title, "Why the Sky Is Blue");
        let sent = &mock.received()[0];
        assert_eq!(sent.prompt, "Give a title of at most five words.");
        assert_eq!(sent.messages[0].content, TEXT);
    }

    #[tokio::test]
    async fn half_a_title_is_none() {
        let cut = Answer::stream(["Why the"]).ending(Ending::Truncate);
        assert_eq!(title_with(cut).await.0, "The sky is blue because");
    }

    #[tokio::test]
    async fn a_refusal_is_no_title() {
        let refusal = AuraMock::failure("Rate limit reached");
        assert_eq!(title_with(refusal).await.0, "The sky is blue because");
    }
}
