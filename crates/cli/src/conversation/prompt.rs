//! The conversation, from arguments, files and standard input.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use chatwire::{ChatRequest, Message, Messages, Part, Role};

use super::image::image;
use super::input::standard_input;
use super::messages::{parse_messages, read_messages};
use super::text::read_text;
use crate::args::{QuestionArgs, TargetArgs};
use crate::endpoints;
use crate::failure::Failure;

/// Builds the request that the arguments ask for; waits for standard input if
/// that is part of it.
pub(crate) async fn request(
    args: &QuestionArgs,
    target: &TargetArgs,
) -> Result<ChatRequest, Failure> {
    let conversation = &args.conversation;
    let from_input = conversation.messages.as_deref() == Some(Path::new("-"));
    let mut messages = Messages::new();
    if let Some(system) = &conversation.system {
        messages.push(Message::system(system));
    }
    if let Some(file) = conversation.messages.as_deref().filter(|_| !from_input) {
        messages.extend(read_messages(file)?);
    }
    let typed = (!args.prompt.is_empty()).then(|| args.prompt.join(" "));
    let input = if needs_input(args) {
        let optional = typed.is_some() && !from_input;
        standard_input(optional).await?
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
    let mut images = Vec::new();
    for file in &args.image {
        images.push(image(file)?);
    }
    match (prompt, images.is_empty()) {
        (Some(prompt), _) => {
            let mut message = Message::user(prompt);
            message.extend(images.into_iter().map(Part::Image));
            messages.push(message);
        }
        (None, false) => {
            let parts = images.into_iter().map(Part::Image);
            messages.push(Message::from_parts(Role::User, parts));
        }
        (None, true) if conversation.messages.is_none() => {
            return Err(Failure::Usage(
                "there is no question: give it as arguments or on standard input".into(),
            ));
        }
        (None, true) => {}
    }
    let mut request = ChatRequest::new(messages);
    if let Some(model) = endpoints::model(target)? {
        request = request.with_model(model);
    }
    if let Some(temperature) = conversation.temperature {
        request = request.with_temperature(temperature);
    }
    if let Some(max_tokens) = conversation.max_tokens {
        request = request.with_max_tokens(max_tokens);
    }
    Ok(request)
}

/// Whether to read standard input. A terminal is read only if there is no other
/// question.
fn needs_input(args: &QuestionArgs) -> bool {
    if args.conversation.messages.as_deref() == Some(Path::new("-")) || !io::stdin().is_terminal() {
        return true;
    }
    args.prompt.is_empty() && args.conversation.messages.is_none() && args.image.is_empty()
}

/// Adds files to the question, each under its name and in a fence that is
/// longer than any in it.
fn with_files(prompt: Option<String>, files: &[PathBuf]) -> Result<Option<String>, Failure> {
    let mut parts: Vec<String> = prompt.into_iter().collect();
    for file in files {
        let shown = file.display();
        let (_, content) = read_text("file", file)?;
        let fence = fence_around(&content);
        let end = if content.ends_with('\n') { "" } else { "\n" };
        parts.push(format!("{shown}:\n{fence}\n{content}{end}{fence}"));
    }
    Ok((!parts.is_empty()).then(|| parts.join("\n\n")))
}

/// A fence that is longer than any in a text.
fn fence_around(text: &str) -> String {
    let (mut longest, mut run) = (0, 0);
    for byte in text.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat(usize::max(3, longest + 1))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_are_longer_than_any_inside() {
        for (text, length) in [
            (String::new(), 3),
            ("a``b".into(), 3),
            ("```\n````\n``".into(), 5),
            ("`".repeat(1 << 20), (1 << 20) + 1),
        ] {
            let fence = fence_around(&text);
            assert_eq!(fence.len(), length);
            assert!(fence.bytes().all(|byte| byte == b'`'));
        }
    }

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
