//! A conversation that grows, with ways to step back.

use std::borrow::Cow;
use std::path::Path;

use chatwire::{ChatRequest, Image, Message, Messages, Part, Role};

use super::messages::read_messages;
use crate::failure::Failure;
use crate::files::write_private;

/// What has been said, and how the next question is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conversation {
    pub(crate) system: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) temperature: Option<f32>,
    pub(crate) max_tokens: Option<u32>,
    turns: Vec<Message>,
    /// A question that got no answer, to be asked again.
    unanswered: Option<Message>,
    /// Pictures that go with the next question.
    images: Vec<Image>,
}

impl Conversation {
    /// The request for the next answer.
    pub(crate) fn request(&self) -> ChatRequest {
        let mut request = ChatRequest::new(self.messages());
        if let Some(model) = &self.model {
            request = request.with_model(model);
        }
        if let Some(temperature) = self.temperature {
            request = request.with_temperature(temperature);
        }
        if let Some(max_tokens) = self.max_tokens {
            request = request.with_max_tokens(max_tokens);
        }
        request
    }

    fn messages(&self) -> Messages {
        let system = self.system.iter().map(Message::system);
        system.chain(self.turns.iter().cloned()).collect()
    }

    pub(crate) fn ask(&mut self, question: &str) {
        self.unanswered = None;
        let mut message = Message::user(question);
        message.extend(self.images.drain(..).map(Part::Image));
        self.turns.push(message);
    }

    /// Shows a picture with the next question; says how many there are.
    pub(crate) fn show(&mut self, image: Image) -> usize {
        self.images.push(image);
        self.images.len()
    }

    pub(crate) fn answered(&mut self, text: String) {
        self.turns.push(Message::assistant(text));
    }

    /// The last question got no answer: it is not part of the conversation,
    /// but can be asked again.
    pub(crate) fn give_up(&mut self) {
        if self
            .turns
            .last()
            .is_some_and(|last| last.role() == &Role::User)
        {
            self.unanswered = self.turns.pop();
        }
    }

    /// Takes the last answer back, or the failure; says whether there is a
    /// question to ask again.
    pub(crate) fn retry(&mut self) -> bool {
        if let Some(question) = self.unanswered.take() {
            self.turns.push(question);
            return true;
        }
        while self
            .turns
            .last()
            .is_some_and(|last| last.role() != &Role::User)
        {
            self.turns.pop();
        }
        !self.turns.is_empty()
    }

    /// Takes the last question and its answer back; says which question.
    pub(crate) fn undo(&mut self) -> Option<String> {
        self.unanswered = None;
        while let Some(message) = self.turns.pop() {
            if message.role() == &Role::User {
                return Some(message.text().into_owned());
            }
        }
        None
    }

    pub(crate) fn clear(&mut self) {
        self.turns.clear();
        self.images.clear();
        self.unanswered = None;
    }

    /// How many messages there are.
    pub(crate) fn len(&self) -> usize {
        self.turns.len()
    }

    pub(crate) fn last_answer(&self) -> Option<Cow<'_, str>> {
        let last = self.turns.iter().rev();
        let mut answers = last.filter(|message| message.role() == &Role::Assistant);
        answers.next().map(|message| message.text())
    }

    /// Writes it as a JSON array that `ask --messages` reads, for its owner alone.
    pub(crate) fn save(&self, file: &Path) -> Result<(), Failure> {
        let wrong = |why: String| {
            Failure::Usage(format!(
                "{:?} cannot be written: {why}",
                file.display().to_string()
            ))
        };
        let mut json = serde_json::to_string_pretty(&self.messages())
            .map_err(|error| wrong(error.to_string()))?;
        json.push('\n');
        write_private(file, json.as_bytes()).map_err(|error| wrong(error.to_string()))
    }

    /// Goes on with a saved one; system messages at its beginning become the
    /// instructions.
    pub(crate) fn load(&mut self, file: &Path) -> Result<(), Failure> {
        let mut turns = read_messages(file)?.into_vec();
        let system = turns.iter().take_while(|m| m.role().is_system()).count();
        let system: Vec<String> = turns
            .drain(..system)
            .map(|m| m.text().into_owned())
            .collect();
        if !system.is_empty() {
            self.system = Some(system.join("\n"));
        }
        self.turns = turns;
        self.unanswered = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talked() -> Conversation {
        let mut talk = Conversation::default();
        talk.ask("one?");
        talk.answered("one.".into());
        talk.ask("two?");
        talk.answered("two.".into());
        talk
    }

    #[test]
    fn steps_back() {
        let mut talk = talked();
        assert_eq!(talk.last_answer().as_deref(), Some("two."));
        assert!(talk.retry());
        assert_eq!(talk.len(), 3);
        talk.give_up();
        assert_eq!(talk.len(), 2);
        assert!(talk.retry(), "the question that failed");
        assert_eq!(
            talk.messages().last().map(|m| m.text()).as_deref(),
            Some("two?")
        );
        assert_eq!(talk.undo().as_deref(), Some("two?"));
        assert_eq!(talk.undo().as_deref(), Some("one?"));
        assert_eq!(talk.undo(), None);
        assert!(!talk.retry());
    }

    #[test]
    fn saved_and_loaded() {
        let file = std::env::temp_dir().join(format!("chatwire-talk-{}", std::process::id()));
        let mut talk = talked();
        talk.system = Some("Be brief.".into());
        talk.save(&file).unwrap();
        let mut again = Conversation::default();
        again.load(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(again.messages(), talk.messages());
        assert_eq!(again.system.as_deref(), Some("Be brief."));
    }
}
