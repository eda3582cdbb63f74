use crate::chat::ProgressKind;
use crate::error::{Error, ErrorKind, Limit};

/// How many notes a reply may have.
const MAX_NOTES: usize = 1000;

/// Counts the notes about progress in a reply, of which there must be an end.
#[derive(Default)]
pub(super) struct Notes {
    count: usize,
    /// The bytes of reasoning, which comes in as many pieces as a text does.
    reasoning: usize,
}

impl Notes {
    /// Returns whether there were none.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0 && self.reasoning == 0
    }

    /// Counts a note. `limit` is the number of bytes that reasoning may have.
    pub(super) fn admit(
        &mut self,
        kind: &ProgressKind,
        text: &str,
        limit: Option<usize>,
    ) -> Result<(), Error> {
        if *kind == ProgressKind::Thinking {
            // An empty piece costs something, too.
            self.reasoning = self.reasoning.saturating_add(text.len().max(1));
            return match limit {
                Some(limit) if self.reasoning > limit => Err(Error::new(
                    ErrorKind::LimitExceeded(Limit::Reply),
                    format!("the reasoning is longer than the limit of {limit} bytes"),
                )),
                _ => Ok(()),
            };
        }
        self.count += 1;
        if self.count > MAX_NOTES {
            return Err(Error::new(
                ErrorKind::LimitExceeded(Limit::Notes),
                format!("the answer has more than the limit of {MAX_NOTES} notes about progress"),
            ));
        }
        Ok(())
    }
}
