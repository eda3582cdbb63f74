//! The script of mock servers: answers, faults and a model from a file.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use chatwire_mock::{
    AiReply, AiSdkReply, AiSdkStream, AiSdkVersion, Answer, AnyMock, ApiReply, Ending, Fault,
    ModelRule, ScriptedModel,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::bounded::read_file;
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
  text = \"Hello there\"
  fault = \"body-stall=100\"      # any of the faults above, in this answer
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
    #[serde(default, deserialize_with = "read_fault")]
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

fn read_fault<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Fault>, D::Error> {
    let name = String::deserialize(from)?;
    name.parse().map(Some).map_err(D::Error::custom)
}

impl Script {
    /// Reads it, and checks that each answer makes sense.
    pub(super) fn read(file: &Path) -> Result<Script, Failure> {
        let name = file.display().to_string();
        let text = read_file(file)
            .and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other))
            .map_err(|error| Failure::Usage(format!("script {name:?} cannot be read: {error}")))?;
        let script: Script = toml::from_str(&text).map_err(|error| {
            Failure::Usage(format!("script {name:?}: {}", error.to_string().trim()))
        })?;
        let wrong = |why: String| Err(Failure::Usage(format!("script {name:?}: {why}")));
        let known = |name: &&String| AnyMock::names().any(|known| known == name.as_str());
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
            ];
            let count = ways.into_iter().filter(|way| *way).count();
            // A connection that breaks before the head needs no answer.
            let is_alone = count == 0 && answer.fault.is_some_and(|fault| fault.is_before_head());
            if count != 1 && !is_alone {
                return wrong(format!(
                    "answer {number} needs one of text, pieces, error and status, or a fault \
                     before the head"
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
            scripted.queue(mock, self.delay);
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
    /// Lets the mock give this answer in its turn, or always.
    fn queue(&self, mock: &AnyMock, delay: Option<Duration>) {
        /// The APIs write a reply as each request asks for it.
        macro_rules! reply {
            ($api:expr, $reply:expr) => {{
                let (this, any) = (self.clone(), AnyMock::spoiler(mock));
                let change = move |answer| this.changed(answer, any);
                match self.repeat {
                    true => $api.reply_always_with($reply, change),
                    false => $api.reply_with($reply, change),
                };
            }};
        }
        match (mock, self.api_reply()) {
            (AnyMock::OpenAi(api), Some(reply)) => reply!(api, reply),
            (AnyMock::Responses(api), Some(reply)) => reply!(api, reply),
            (AnyMock::Anthropic(api), Some(reply)) => reply!(api, reply),
            _ => {
                let answer = self.changed(self.answer(mock, delay), AnyMock::spoiler(mock));
                match self.repeat {
                    true => mock.answer_always(answer),
                    false => mock.answer(answer),
                };
            }
        }
    }

    /// The reply of a model API, if it is one.
    fn api_reply(&self) -> Option<ApiReply> {
        let reply = match (&self.text, &self.pieces) {
            (Some(text), _) => ApiReply::new(text),
            (None, Some(pieces)) => ApiReply::new("").with_pieces(pieces),
            (None, None) => return None,
        };
        // Broken answers have no end.
        Some(match self.is_whole() {
            true => reply,
            false => reply.without_end(),
        })
    }

    fn is_whole(&self) -> bool {
        matches!(self.ending, None | Some(ScriptedEnding::Clean))
    }

    /// The answer with the headers, the ending and the fault of the script.
    fn changed(&self, answer: Answer, spoil: fn(Answer, Fault) -> Answer) -> Answer {
        let answer = self
            .headers
            .iter()
            .fold(answer, |answer, (name, value)| answer.header(name, value));
        let answer = match self.ending {
            None | Some(ScriptedEnding::Clean) => answer,
            Some(ScriptedEnding::Truncate) => answer.ending(Ending::Truncate),
            Some(ScriptedEnding::Reset) => answer.ending(Ending::Reset),
            Some(ScriptedEnding::Stall) => answer.ending(Ending::Stall),
        };
        match self.fault {
            Some(fault) => spoil(answer, fault),
            None => answer,
        }
    }

    /// The answer as that provider's server sends it.
    fn answer(&self, mock: &AnyMock, delay: Option<Duration>) -> Answer {
        if let Some(status) = self.status {
            Answer::status(status).piece(self.body.as_deref().unwrap_or_default())
        } else if let Some(error) = &self.error {
            match mock {
                AnyMock::AiEngine(_) => AiReply::new().error(error).answer(),
                mock => mock.failure(error),
            }
        } else {
            self.text_answer(mock.provider(), delay)
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
        let reply = if self.is_whole() {
            reply
        } else {
            reply.without_end()
        };
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
            if self.is_whole() {
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
