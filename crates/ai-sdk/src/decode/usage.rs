use chatwire_core::Usage;
use serde_json::Value;

/// The tokens that an object counts, under the names of any version. Numbers
/// that are `null` or no numbers are not known; `None` when none is.
pub(crate) fn usage_of(object: &Value) -> Option<Usage> {
    let count = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| object.get(*name).and_then(whole_number))
    };
    let prompt = count(&["promptTokens", "inputTokens"]);
    let completion = count(&["completionTokens", "outputTokens"]);
    let both = prompt
        .zip(completion)
        .map(|(prompt, completion)| prompt.saturating_add(completion));
    let usage = Usage::new()
        .with_prompt_tokens(prompt)
        .with_completion_tokens(completion)
        .with_total_tokens(count(&["totalTokens"]).or(both));
    (usage != Usage::new()).then_some(usage)
}

/// A number of tokens, which some providers give as `12.0`.
fn whole_number(value: &Value) -> Option<u64> {
    let float = |number: f64| {
        let text = (number >= 0.0 && number.fract() == 0.0).then(|| number.to_string())?;
        text.parse().ok()
    };
    value.as_u64().or_else(|| value.as_f64().and_then(float))
}
