//! Answers as models write them, each with the value that it means, or refused.

use chatwire_core::FinishReason;
use chatwire_structured::json::read;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Sample {
    text: String,
    /// Why the answer ended: `stop` unless it says otherwise.
    reason: Option<String>,
    #[serde(default)]
    refused: bool,
    want: Option<Value>,
}

fn samples() -> Vec<Sample> {
    let lines = include_str!("samples.jsonl").lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_sample_is_read_as_meant_or_refused() {
    let mut wrong = Vec::new();
    let (mut strict, mut mended, mut refused) = (0, 0, 0);
    for Sample {
        text,
        reason,
        refused: is_refused,
        want,
    } in samples()
    {
        let reason = FinishReason::from(reason.as_deref().unwrap_or("stop"));
        let got = read(&text, &reason, None);
        let value = got
            .as_ref()
            .ok()
            .map(|json| serde_json::from_str::<Value>(json).unwrap());
        match &got {
            Ok(json) if text.contains(json.as_ref()) => strict += 1,
            Ok(_) => mended += 1,
            Err(_) => refused += 1,
        }
        if value != want || is_refused == want.is_some() {
            wrong.push(format!("{text:?} ({}): {got:?}", reason.as_str()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{strict} found, {mended} mended, {refused} refused");
    assert!(strict + mended + refused >= 300);
}
