//! The conversation, from arguments, files and standard input.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chatwire::{ChatRequest, Message, Messages};
use tokio::time::timeout;

use crate::args::AskArgs;
use crate::exit::{Failure, say};
use crate::target;

/// How long standard input may take before the person is told.
const SILENCE: Duration = Duration::from_secs(3);

/// Builds the request that the arguments ask for; waits for standard input if
/// that is part of it.
pub(crate) async fn request(args: &AskArgs) -> Result<ChatRequest, Failure> {
    let from_input = args.messages.as_deref() == Some(Path::new("-"));
    let mut messages = Messages::new();
    if let Some(system) = &args.system {
        messages.push(Message::system(system));
    }
    if let Some(file) = args.messages.as_deref().filter(|_| !from_input) {
        messages.extend(read_messages(file)?);
    }
    let typed = (!args.prompt.is_empty()).then(|| args.prompt.join(" "));
    let input = if needs_input(args) {
        Some(standard_input().await?)
    } else {
        None
    };
    let prompt = if from_input {
        messages.extend(parse_messages(
            "standard input",
            &input.unwrap_or_default(),
        )?);
        typed
    } else {
        join(typed, input)
    };
    let prompt = with_files(prompt, &args.file)?;
    match prompt {
        Some(prompt) => messages.push(Message::user(prompt)),
        None if args.messages.is_none() => {
            return Err(Failure::Usage(
                "there is no question: give it as arguments or on standard input".into(),
            ));
        }
        None => {}
    }
    let mut request = ChatRequest::new(messages);
    if let Some(model) = target::model(&args.target)? {
        request = request.with_model(model);
    }
    if let Some(temperature) = args.temperature {
        request = request.with_temperature(temperature);
    }
    if let Some(max_tokens) = args.max_tokens {
        request = request.with_max_tokens(max_tokens);
    }
    Ok(request)
}

/// A terminal is read only when there is no other question.
fn needs_input(args: &AskArgs) -> bool {
    if args.messages.as_deref() == Some(Path::new("-")) || !io::stdin().is_terminal() {
        return true;
    }
    args.prompt.is_empty() && args.messages.is_none()
}

/// Adds files to the question, each under its name and in a fence that is
/// longer than any in it.
fn with_files(prompt: Option<String>, files: &[PathBuf]) -> Result<Option<String>, Failure> {
    let mut parts: Vec<String> = prompt.into_iter().collect();
    for file in files {
        let shown = file.display();
        let name = format!("file {:?}", shown.to_string());
        let bytes = fs::read(file)
            .map_err(|error| Failure::Usage(format!("{name} cannot be read: {error}")))?;
        let content = text(&name, bytes)?;
        let mut fence = "```".to_owned();
        while content.contains(&fence) {
            fence.push('`');
        }
        let end = if content.ends_with('\n') { "" } else { "\n" };
        parts.push(format!("{shown}:\n{fence}\n{content}{end}{fence}"));
    }
    Ok((!parts.is_empty()).then(|| parts.join("\n\n")))
}

/// The question: what was typed, a blank line, what was piped in. White space
/// alone counts as nothing beside something.
fn join(typed: Option<String>, input: Option<String>) -> Option<String> {
    let input = input
        .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
        .filter(|text| !text.trim().is_empty());
    match (typed, input) {
        (Some(typed), Some(input)) if typed.trim().is_empty() => Some(input),
        (Some(typed), Some(input)) => Some(format!("{typed}\n\n{input}")),
        (typed, input) => typed.or(input),
    }
}

/// Reads standard input in a thread of its own, so that Ctrl-C is heard
/// meanwhile.
async fn standard_input() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        say("type the question; Ctrl-D on a line of its own ends it");
    }
    let mut read = tokio::task::spawn_blocking(|| {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    });
    let done = match timeout(SILENCE, &mut read).await {
        Ok(done) => done,
        Err(_) => {
            // A pipe that somebody forgot to close looks like a slow one.
            if !io::stdin().is_terminal() {
                say("still reading standard input; if there is none, add </dev/null");
            }
            read.await
        }
    };
    let bytes = match done {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => {
            return Err(Failure::Other(format!(
                "standard input cannot be read: {error}"
            )));
        }
        Err(error) => return Err(Failure::Other(format!("standard input: {error}"))),
    };
    text("standard input", bytes)
}

pub(crate) fn read_messages(file: &Path) -> Result<Messages, Failure> {
    let name = format!("messages file {:?}", file.display().to_string());
    let bytes = fs::read(file)
        .map_err(|error| Failure::Usage(format!("{name} cannot be read: {error}")))?;
    let json = text(&name, bytes)?;
    parse_messages(&name, &json)
}

fn parse_messages(name: &str, json: &str) -> Result<Messages, Failure> {
    serde_json::from_str(json.trim_start_matches('\u{feff}')).map_err(|error| {
        Failure::Usage(format!(
            "{name} is not a JSON array of messages such as \
             [{{\"role\":\"user\",\"content\":\"Hi\"}}]: {error}"
        ))
    })
}

fn text(name: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::Usage(format!("{name} is not UTF-8 text (byte {})", at + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions() {
        let some = |text: &str| Some(text.to_owned());
        for (typed, input, question) in [
            (None, None, None),
            (some("a"), None, some("a")),
            (None, some("b\n"), some("b")),
            (some("a"), some("b\r\n"), some("a\n\nb")),
            (some("a"), some(" \n"), some("a")),
            (some(" "), some("b"), some("b")),
            (some(" "), None, some(" ")),
            (None, some("\n\n"), None),
            (some("a"), some("  b\n\nc\n"), some("a\n\n  b\n\nc")),
        ] {
            assert_eq!(
                join(typed.clone(), input.clone()),
                question,
                "{typed:?} {input:?}"
            );
        }
    }
}
