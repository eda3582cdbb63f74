//! A model that answers by rules.

use std::sync::Mutex;

use super::prompt::prompt;
use super::rule::ModelRule;
use crate::server::RecordedRequest;
use crate::sync::lock;

/// A model that reads what it is asked and answers by rules, so that it can play one that follows
/// instructions or fails to: JSON with prose around it, broken JSON, calls of tools that do not
/// exist, and a better answer once it is told what was wrong.
///
/// The first [rule](ModelRule) that applies decides. If none does, the mock answers as it does
/// without a model. The prompt is every text in the body of the question.
///
/// ```
/// use chatwire_mock::{AuraMock, ModelRule, ScriptedModel};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mock = AuraMock::start().await?;
/// let model = ScriptedModel::new()
///     // The prompt says how to call a tool: with a marker that differs each time.
///     .with_capture("marker", "begin a call with <", ">")
///     .with_rule(ModelRule::say("It is 18 degrees.").when("18"))
///     .with_rule(ModelRule::say("<${marker}>weather Paris").when("begin a call"))
///     .with_rule(ModelRule::say("Hello"));
/// mock.model(model);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct ScriptedModel {
    rules: Vec<ModelRule>,
    captures: Vec<Capture>,
    /// How often each rule was used.
    used: Mutex<Vec<u32>>,
}

/// A text of the prompt that answers can repeat.
#[derive(Debug)]
struct Capture {
    name: String,
    after: String,
    before: String,
}

impl ScriptedModel {
    /// Creates a model without rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule, after the others.
    #[must_use]
    pub fn with_rule(mut self, rule: ModelRule) -> Self {
        self.rules.push(rule);
        lock(&self.used).push(0);
        self
    }

    /// Finds a text in the prompt that the rules can repeat as `${name}`: what stands between the
    /// last `after` and the next `before`. It is empty if the prompt has none.
    #[must_use]
    pub fn with_capture(
        mut self,
        name: impl Into<String>,
        after: impl Into<String>,
        before: impl Into<String>,
    ) -> Self {
        self.captures.push(Capture {
            name: name.into(),
            after: after.into(),
            before: before.into(),
        });
        self
    }

    /// Returns what the model says to this question; `None` if no rule applies.
    pub fn answer(&self, request: &RecordedRequest) -> Option<String> {
        let prompt = prompt(request);
        let mut used = lock(&self.used);
        let (rule, used) = self
            .rules
            .iter()
            .zip(used.iter_mut())
            .find(|(rule, used)| rule.applies(&prompt, **used))?;
        *used = used.saturating_add(1);
        Some(self.filled_in(rule.text(), &prompt))
    }

    fn filled_in(&self, text: &str, prompt: &str) -> String {
        let fill = |text: String, capture: &Capture| {
            let place = format!("${{{}}}", capture.name);
            if text.contains(&place) {
                text.replace(&place, capture.find(prompt))
            } else {
                text
            }
        };
        self.captures.iter().fold(text.to_owned(), fill)
    }
}

impl Capture {
    fn find<'a>(&self, prompt: &'a str) -> &'a str {
        let Some((_, rest)) = prompt.rsplit_once(self.after.as_str()) else {
            return "";
        };
        rest.split_once(self.before.as_str())
            .map_or(rest, |(found, _)| found)
    }
}
