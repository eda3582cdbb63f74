//! A small reader of its own, which says by the bytes of a recording what must
//! come out: written from the description of the protocols, and slow, so that
//! it has nothing in common with the decoders under test.

use chatwire_tests::{Ended, Recording};
use serde_json::Value;

/// What must come out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expected {
    /// A whole answer: its text, how many images it has, and the word for why
    /// it ended.
    Whole {
        text: String,
        images: usize,
        reason: String,
    },
    /// No answer, or half of one.
    Fails { text: String, why: Why },
}

/// Why there is no whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// By its status.
    Status,
    /// A redirect, which wants a login.
    Login,
    /// A page, or JSON that says what is wrong.
    NoAnswer,
    /// The body broke off.
    Cut,
    /// It ended as HTTP says it should, and the answer did not.
    Unended,
    /// The server reports an error.
    Reported,
    /// It ended without a word.
    Empty,
}

pub(crate) fn expected(recording: &Recording) -> Expected {
    let response = &recording.response;
    let fails = |why| Expected::Fails {
        text: String::new(),
        why,
    };
    match response.status {
        300..400 => return fails(Why::Login),
        200..300 => {}
        _ => return fails(Why::Status),
    }
    let body = String::from_utf8_lossy(&response.body()).into_owned();
    let kind = response.header("content-type").unwrap_or_default();
    if response.header("x-vercel-ai-ui-message-stream").is_some() {
        ui(&body, response.ended)
    } else if response.header("x-vercel-ai-data-stream").is_some() {
        data(&body, response.ended, true)
    } else if kind.starts_with("text/html") {
        fails(Why::NoAnswer)
    } else if kind.starts_with("application/json") {
        let answer: Value = serde_json::from_str(&body).expect("JSON");
        match answer["text"].as_str() {
            Some(text) => whole(text, 0, "stop"),
            None => fails(Why::NoAnswer),
        }
    } else if is_data(&body) {
        data(&body, response.ended, false)
    } else {
        text(&body, response.ended)
    }
}

fn whole(text: &str, images: usize, reason: &str) -> Expected {
    Expected::Whole {
        text: text.to_owned(),
        images,
        reason: reason.replace('-', "_"),
    }
}

fn fails(text: &str, why: Why) -> Expected {
    Expected::Fails {
        text: text.to_owned(),
        why,
    }
}

fn text(body: &str, ended: Ended) -> Expected {
    match (ended, body.is_empty()) {
        (Ended::Clean, false) => whole(body, 0, "eof"),
        (Ended::Clean, true) => fails("", Why::Empty),
        _ => fails(body, Why::Cut),
    }
}

/// Whether the first line is a part of a data stream.
fn is_data(body: &str) -> bool {
    let line = body.lines().next().unwrap_or_default();
    line.split_once(':').is_some_and(|(code, json)| {
        let value = parse(json);
        match code {
            "0" | "3" | "g" => value.is_some_and(|value| value.is_string()),
            "2" | "8" => value.is_some_and(|value| value.is_array()),
            code if code.len() == 1 => value.is_some_and(|value| value.is_object()),
            _ => false,
        }
    })
}

/// JSON with halves of surrogate pairs in it: those become characters that
/// nobody uses, one for each half.
fn parse(json: &str) -> Option<Value> {
    let mut plain = String::new();
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let unit = rest
            .get(at + 2..at + 6)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok());
        if rest[at..].starts_with("\\u")
            && unit.is_some_and(|unit| (0xd800..0xe000).contains(&unit))
        {
            plain.push(char::from_u32(0x10_0000 + unit.unwrap()).unwrap());
            rest = &rest[at + 6..];
        } else {
            let end = rest.len().min(at + 2);
            plain.push_str(&rest[at..end]);
            rest = &rest[end..];
        }
    }
    plain.push_str(rest);
    serde_json::from_str(&plain).ok()
}

/// Joins the halves again.
fn joined(text: &str) -> String {
    let mut units = Vec::new();
    for character in text.chars() {
        match u32::from(character).checked_sub(0x10_0000) {
            Some(unit) if (0xd800..0xe000).contains(&unit) => {
                units.push(u16::try_from(unit).unwrap());
            }
            _ => units.extend(character.encode_utf16(&mut [0; 2]).iter()),
        }
    }
    String::from_utf16_lossy(&units)
}

/// A UI message stream, by section 8.
fn ui(body: &str, ended: Ended) -> Expected {
    // The parts of earlier steps and of this one, each by its id.
    let mut before: Vec<(String, String)> = Vec::new();
    let mut step: Vec<(String, String)> = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let (mut images, mut finish, mut done, mut was_open) = (0, None, false, false);
    for event in body.split("\n\n") {
        let Some(data) = event.strip_prefix("data: ") else {
            continue;
        };
        if data == "[DONE]" {
            done = true;
            continue;
        }
        let Some(event) = parse(data) else {
            continue;
        };
        let id = event["id"].as_str().unwrap_or_default().to_owned();
        match event["type"].as_str().unwrap_or_default() {
            "text-start" => {
                step.push((id.clone(), String::new()));
                open.push(id);
            }
            "text-delta" => {
                if !step.iter().any(|(part, _)| *part == id) {
                    step.push((id.clone(), String::new()));
                }
                let part = step.iter_mut().rfind(|(part, _)| *part == id).unwrap();
                part.1.push_str(event["delta"].as_str().unwrap_or_default());
            }
            "text-end" => open.retain(|part| *part != id),
            "start-step" | "finish-step" => {
                was_open |= !open.is_empty();
                open.clear();
                before.append(&mut step);
            }
            "reset-step" => {
                step.clear();
                open.clear();
            }
            "file" => {
                images += usize::from(event["mediaType"].as_str().unwrap().starts_with("image/"))
            }
            "finish" => finish = Some(event["finishReason"].as_str().unwrap_or("stop").to_owned()),
            "error" if finish.is_none() => return fails(&all(&before, &step), Why::Reported),
            "abort" if finish.is_none() => return fails(&all(&before, &step), Why::Unended),
            _ => {}
        }
    }
    let text = all(&before, &step);
    let closed = open.is_empty() && !was_open;
    match finish {
        Some(_) if text.is_empty() && images == 0 => fails("", Why::Empty),
        Some(reason) => whole(&text, images, &reason),
        None if ended != Ended::Clean => fails(&text, Why::Cut),
        None if done && text.is_empty() => fails("", Why::Empty),
        None if done && closed => whole(&text, images, "stop"),
        None => fails(&text, Why::Unended),
    }
}

/// The texts of all parts that have one, with a blank line between.
fn all(before: &[(String, String)], step: &[(String, String)]) -> String {
    let texts = before.iter().chain(step).map(|(_, text)| joined(text));
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    texts.join("\n\n")
}

/// A data stream, by section 8.
fn data(body: &str, ended: Ended, marked: bool) -> Expected {
    let (mut text, mut images) = (String::new(), 0);
    // Whether `f` came, and whether something came after the last `e`.
    let (mut has_start, mut is_open) = (false, false);
    let (mut last_step, mut end) = (None, None);
    for line in body.lines().filter(|line| !line.is_empty()) {
        let Some((code, json)) = line.split_once(':') else {
            continue;
        };
        let Some(value) = parse(json) else {
            continue;
        };
        let reason = value["finishReason"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        is_open |= !matches!(code, "d" | "e" | "2" | "8");
        match code {
            "0" => text.push_str(value.as_str().unwrap_or_default()),
            "3" => return fails(&joined(&text), Why::Reported),
            "f" => has_start = true,
            "k" => images += usize::from(value["mimeType"].as_str().unwrap().starts_with("image/")),
            "e" => {
                is_open = false;
                last_step = Some(reason);
            }
            "d" => end = Some(reason),
            _ => {}
        }
    }
    let text = joined(&text);
    if ended != Ended::Clean && end.is_none() {
        return fails(&text, Why::Cut);
    }
    let must_end = has_start || (marked && last_step.is_some());
    let reason = match (end, last_step) {
        (Some(reason), _) => reason,
        (None, _) if is_open && must_end => return fails(&text, Why::Unended),
        (None, Some(reason)) if !is_open => reason,
        (None, _) => "eof".to_owned(),
    };
    match reason.as_str() {
        "error" => fails(&text, Why::Reported),
        _ if text.is_empty() && images == 0 => fails("", Why::Empty),
        reason => whole(&text, images, reason),
    }
}
