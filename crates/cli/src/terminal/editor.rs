//! The line editor, and what was typed in earlier chats.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Context, Editor, Event, EventHandler, Helper};

use super::filter::exact;
use super::message_end::{MessageEnd, goes_on, silence};
use super::say::say;
use crate::failure::Failure;
use crate::files::{private_folder, state_folder};

/// The number of lines in the history.
const REMEMBERED: usize = 1000;

/// Reads what a person types on a terminal.
pub(crate) struct Lines {
    editor: Editor<Assistant, DefaultHistory>,
    end: MessageEnd,
    file: Option<PathBuf>,
}

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Line(String),
    /// Ctrl-C: the line is thrown away.
    Nothing,
    /// Ctrl-D, or the input is over.
    End,
}

impl Lines {
    /// With the history of earlier chats, if it is wanted.
    pub(crate) fn new(
        with_history: bool,
        commands: &'static [&'static str],
    ) -> Result<Lines, Failure> {
        let failed = |error: ReadlineError| Failure::Other(format!("the line editor: {error}"));
        let config = Config::builder()
            .max_history_size(REMEMBERED)
            .and_then(|builder| builder.history_ignore_dups(true))
            .map_err(failed)?
            .history_ignore_space(true)
            .build();
        let mut editor = Editor::with_config(config).map_err(failed)?;
        editor.set_helper(Some(Assistant { commands }));
        let end = MessageEnd::default();
        let binding = EventHandler::Conditional(Box::new(end.clone()));
        editor.bind_sequence(Event::Any, binding);
        let mut file = with_history.then(file).flatten();
        if let Some(path) = &file {
            match is_plain_file(path) {
                Ok(true) => {
                    if let Err(error) = editor.load_history(path) {
                        say(&format!("the history cannot be read: {error}"));
                    }
                    clean(&mut editor);
                }
                Ok(false) => {
                    let path = path.display();
                    say(&format!(
                        "the history is not used: {path} is not a plain file"
                    ));
                    file = None;
                }
                Err(_) => {}
            }
        }
        Ok(Lines { editor, end, file })
    }

    /// Waits for a message, which can have several lines.
    pub(crate) fn read(&mut self, prompt: &str) -> Result<Typed, Failure> {
        let read = self.editor.readline(prompt);
        let held = self.end.take();
        match (read, held) {
            (Err(ReadlineError::Eof), Some(message)) => Ok(Typed::message(&message)),
            (Ok(line), _) => Ok(Typed::message(&self.with_following(line))),
            (Err(ReadlineError::Interrupted), _) => Ok(Typed::Nothing),
            (Err(ReadlineError::Eof), None) => Ok(Typed::End),
            (Err(error), _) => Err(Failure::Other(format!(
                "standard input cannot be read: {error}"
            ))),
        }
    }

    /// A line with those that follow it at once, on a terminal on which lines cannot
    /// be edited.
    fn with_following(&mut self, mut message: String) -> String {
        while silence::is_broken() {
            let Ok(line) = self.editor.readline("") else {
                break;
            };
            message.push('\n');
            message.push_str(&line);
        }
        message
    }

    /// Remembers a line, also for later chats.
    pub(crate) fn remember(&mut self, line: &str) {
        let added = self.editor.add_history_entry(line).unwrap_or_default();
        let Some(file) = self.file.as_ref().filter(|_| added) else {
            return;
        };
        let written = match file.parent() {
            Some(folder) => private_folder(folder),
            None => Ok(()),
        };
        let written = match is_plain_file(file) {
            Ok(false) => Err(io::Error::other("it is not a plain file")),
            _ => written,
        };
        let written = written
            .map_err(ReadlineError::from)
            // The editor makes the file readable for its owner alone.
            .and_then(|()| self.editor.append_history(file));
        if let Err(error) = written {
            say(&format!("the history cannot be written: {error}"));
            self.file = None;
        }
    }
}

/// Where the history is.
fn file() -> Option<PathBuf> {
    Some(state_folder()?.join("history"))
}

/// Whether the file is one: opening a pipe would wait for whoever writes to it,
/// and a link may lead to another person's file.
fn is_plain_file(path: &Path) -> io::Result<bool> {
    fs::symlink_metadata(path).map(|it| it.is_file())
}

/// Takes out of the history what a terminal may not be sent.
fn clean(editor: &mut Editor<Assistant, DefaultHistory>) {
    let lines: Vec<String> = editor.history().iter().cloned().collect();
    if lines
        .iter()
        .all(|line| matches!(exact(line), Cow::Borrowed(_)))
    {
        return;
    }
    if editor.clear_history().is_ok() {
        for line in lines {
            let _ = editor.add_history_entry(exact(&line).into_owned());
        }
    }
}

impl Typed {
    /// A backslash at the end of a line goes on with the next one. A paste may end
    /// with empty lines.
    pub(crate) fn message(text: &str) -> Typed {
        Typed::Line(text.trim_end_matches('\n').replace("\\\n", "\n"))
    }
}

/// Helps while a line is edited.
struct Assistant {
    commands: &'static [&'static str],
}

impl Helper for Assistant {}

impl Highlighter for Assistant {
    /// Shows a sign for each character that a terminal may not be sent, such as
    /// those in pasted text.
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        match exact(line) {
            Cow::Borrowed(_) => Cow::Borrowed(line),
            Cow::Owned(_) => {
                let shown = |c: char| match exact(c.encode_utf8(&mut [0; 4])) {
                    Cow::Borrowed(_) => c,
                    Cow::Owned(_) => '?',
                };
                Cow::Owned(line.chars().map(shown).collect())
            }
        }
    }

    fn highlight_char(&self, line: &str, _: usize, _: CmdKind) -> bool {
        matches!(exact(line), Cow::Owned(_))
    }
}

impl Hinter for Assistant {
    type Hint = String;
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = line.get(..at).unwrap_or_default();
        let fitting = self.commands.iter().filter(|name| name.starts_with(typed));
        let all = if typed.starts_with('/') {
            fitting.map(|name| format!("{name} ")).collect()
        } else {
            Vec::new()
        };
        Ok((0, all))
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        Ok(if goes_on(input) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}
