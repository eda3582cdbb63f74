//! The script of mock servers: answers, faults and a model from a file.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use chatwire_mock::{
    AiReply, AiSdkMock, AiSdkReply, AiSdkStream, AiSdkVersion, Answer, AnyMock, AuraMock, Ending,
    HeadFault, ModelRule, ScriptedModel,
};
use serde::Deserialize;

use crate::failure::Failure;

/// How a script is written.
pub(super) const HELP: &str = "\
Script:
  delay = \"50ms\"                # between the pieces of a text
  [[answer]]                    # used in order, each once
  provider = \"aura\"             # left out: every mock
  progress = \"Searching...\"     # a note before the text, where the protocol has notes
  text = \"Hello there\"          # split at words; or pieces = [\"Hel\", \"lo\"]
  ending = \"reset\"              # clean (default), truncate, reset, stall
  [[answer]]
  error = \"Rate limit reached\"  # the way in which that kind of server fails
  [[answer]]
  status = 503                  # any HTTP answer
  headers = { retry-after = \"7\" }
  body = \"<h1>Busy</h1>\"
  [[answer]]
  fault = \"close\"               # before the head: close, reset, stall
  [[answer]]
  text = \"from now on\"
  repeat = true                 # once the others are used up

  # A model that looks at the question, once the answers above are used up. The
  # first rule that applies decides; ${NAME} is what a capture found.
  [captures]
  city = { after = \"weather in \", before = \"?\" }
  [[rule]]
  when = \"weather\"              # what the question must contain, or a list
  unless = \"forecast\"           # what it must not contain, or a list
  times = 1                     # how often the rule applies
  provider = \"aura\"             # left out: every mock
  say = \"It is fine in ${city}.\"
";

/// The content of a script.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    #[serde(default, deserialize_with = "chatwire_config::deserialize_duration")]
    delay: Option<Duration>,
    #[serde(default, rename = "answer")]
    answers: Vec<Scripted>,
    #[serde(default)]
    captures: BTreeMap<String, Capture>,
    #[serde(default, rename = "rule")]
    rules: Vec<Rule>,
}

/// A text of the question that rules repeat.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Capture {
    after: String,
    before: String,
}

/// What the model says, and when.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    provider: Option<String>,
    #[serde(default)]
    when: Texts,
    #[serde(default)]
    unless: Texts,
    times: Option<u32>,
    say: String,
}

/// One text, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Default for Texts {
    fn default() -> Texts {
        Texts::Several(Vec::new())
    }
}

impl Texts {
    fn as_slice(&self) -> &[String] {
        match self {
            Texts::One(text) => std::slice::from_ref(text),
            Texts::Several(texts) => texts,
        }
    }
}

/// One answer.
#[derive(Debug, Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Scripted {
    provider: Option<String>,
    progress: Option<String>,
    text: Option<String>,
    pieces: Option<Vec<String>>,
    ending: Option<ScriptedEnding>,
    error: Option<String>,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    fault: Option<Fault>,
    #[serde(default)]
    repeat: bool,
}

#[derive(Debug, Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum ScriptedEnding {
    Clean,
    Truncate,
    Reset,
    Stall,
}

#[derive(Debug, Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Fault {
    Close,
    Reset,
    Stall,
}

impl Script {
    /// Reads it, and checks that each answer makes sense.
    pub(super) fn read(file: &Path) -> Result<Script, Failure> {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::Usage(format!("script {name:?} cannot be read: {error}")))?;
        let script: Script = toml::from_str(&text).map_err(|error| {
            Failure::Usage(format!("script {name:?}: {}", error.to_string().trim()))
        })?;
        let wrong = |why: String| Err(Failure::Usage(format!("script {name:?}: {why}")));
        let known = |name: &&String| chatwire::provider_kind(name).is_some();
        let unknown = |provider: &Option<String>| match provider.as_ref() {
            Some(name) if !known(&name) => Some(name.clone()),
            _ => None,
        };
        for (index, rule) in script.rules.iter().enumerate() {
            if let Some(provider) = unknown(&rule.provider) {
                return wrong(format!("rule {}: no provider {provider:?}", index + 1));
            }
        }
        for (index, answer) in script.answers.iter().enumerate() {
            let number = index + 1;
            if let Some(provider) = unknown(&answer.provider) {
                return wrong(format!("answer {number}: no provider {provider:?}"));
            }
            let ways = [
                answer.text.is_some(),
                answer.pieces.is_some(),
                answer.error.is_some(),
                answer.status.is_some(),
                answer.fault.is_some(),
            ];
            if ways.into_iter().filter(|way| *way).count() != 1 {
                return wrong(format!(
                    "answer {number} needs one of text, pieces, error, status and fault"
                ));
            }
        }
        Ok(script)
    }

    /// Lets a mock answer as the script says.
    pub(super) fn prepare(&self, mock: &AnyMock) {
        let name = mock.provider();
        let concerns = |only: &Option<String>| only.as_ref().is_none_or(|only| only == name);
        if let Some(delay) = self.delay {
            mock.delay_between(delay);
        }
        for scripted in &self.answers {
            if !concerns(&scripted.provider) {
                continue;
            }
            let answer = scripted.answer(name, self.delay);
            if scripted.repeat {
                mock.answer_always(answer);
            } else {
                mock.answer(answer);
            }
        }
        let mut model = ScriptedModel::new();
        for (name, capture) in &self.captures {
            model = model.with_capture(name, &capture.after, &capture.before);
        }
        for rule in self.rules.iter().filter(|rule| concerns(&rule.provider)) {
            model = model.with_rule(rule.model_rule());
        }
        mock.model(model);
    }
}

impl Rule {
    fn model_rule(&self) -> ModelRule {
        let mut rule = ModelRule::say(&self.say);
        for text in self.when.as_slice() {
            rule = rule.when(text);
        }
        for text in self.unless.as_slice() {
            rule = rule.unless(text);
        }
        match self.times {
            Some(times) => rule.times(times),
            None => rule,
        }
    }
}

impl Scripted {
    /// The answer as that provider's server sends it.
    fn answer(&self, provider: &str, delay: Option<Duration>) -> Answer {
        if let Some(fault) = self.fault {
            return Answer::fault(match fault {
                Fault::Close => HeadFault::CloseBeforeHead,
                Fault::Reset => HeadFault::ResetBeforeHead,
                Fault::Stall => HeadFault::StallBeforeHead,
            });
        }
        let answer = if let Some(status) = self.status {
            Answer::status(status).piece(self.body.as_deref().unwrap_or_default())
        } else if let Some(error) = &self.error {
            match provider {
                "aura" => AuraMock::failure(error),
                "ai-sdk" => AiSdkMock::failure(error),
                "chatgpt4online" => AiReply::new().error(error).answer(),
                _ => {
                    let body = serde_json::json!({"statusCode": 500, "message": error});
                    Answer::json(body).with_status(500)
                }
            }
        } else {
            self.text_answer(provider, delay)
        };
        let answer = self
            .headers
            .iter()
            .fold(answer, |answer, (name, value)| answer.header(name, value));
        match self.ending {
            None | Some(ScriptedEnding::Clean) => answer,
            Some(ScriptedEnding::Truncate) => answer.ending(Ending::Truncate),
            Some(ScriptedEnding::Reset) => answer.ending(Ending::Reset),
            Some(ScriptedEnding::Stall) => answer.ending(Ending::Stall),
        }
    }

    /// One text part of a UI message stream, with reasoning for progress.
    fn parts(&self, pieces: &[String], delay: Option<Duration>) -> Answer {
        let deltas = pieces
            .iter()
            .map(|piece| serde_json::json!(piece).to_string());
        let mut reply = AiSdkReply::new("");
        if let Some(progress) = &self.progress {
            reply = reply.with_reasoning(progress);
        }
        let reply = reply.with_deltas(deltas);
        // Broken answers have no end.
        let is_whole = matches!(self.ending, None | Some(ScriptedEnding::Clean));
        let reply = if is_whole { reply } else { reply.without_end() };
        reply.paced_answer(AiSdkVersion::V7, AiSdkStream::Ui, delay)
    }

    fn text_answer(&self, provider: &str, delay: Option<Duration>) -> Answer {
        let text = self.text.clone().unwrap_or_default();
        let pieces = self
            .pieces
            .clone()
            .unwrap_or_else(|| text.split_inclusive(' ').map(str::to_owned).collect());
        if provider == "chatgpt4online" {
            let mut reply = AiReply::new();
            if let Some(progress) = &self.progress {
                reply = reply.progress("status", progress);
            }
            for (index, piece) in pieces.iter().enumerate() {
                if let Some(delay) = delay.filter(|_| index > 0) {
                    reply = reply.delay(delay);
                }
                reply = reply.delta(piece);
            }
            // A broken answer has no end event.
            if matches!(self.ending, None | Some(ScriptedEnding::Clean)) {
                reply = reply.end(pieces.concat().trim());
            }
            return reply.answer();
        }
        if provider == "ai-sdk" {
            return self.parts(&pieces, delay);
        }
        let mut answer = Answer::stream::<[&str; 0]>([]);
        for (index, piece) in pieces.iter().enumerate() {
            if let Some(delay) = delay.filter(|_| index > 0) {
                answer = answer.delay(delay);
            }
            answer = answer.piece(piece);
        }
        answer
    }
}
