//! `chatwire chat`: a conversation in turns.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use base64::Engine as _;
use chatwire::{ProgressKind, ReplyEvent};
use clap::Args;
use tokio::time::timeout;

use super::chat_input::ChatInput;
use crate::answer::{ReadAhead, save_pictures};
use crate::args::{ConversationArgs, General, PictureArgs, TargetArgs};
use crate::conversation::{Conversation, Piped, image, is_wanted, new_file, past};
use crate::endpoints::{self, Configuration, Target};
use crate::failure::Failure;
use crate::files::{is_taken, typed_path};
use crate::log;
use crate::runtime;
use crate::signals::Signal;
use crate::terminal::{Lines, Spinner, Style, TerminalMode, TextWriter, Typed, prose, say};

const EXAMPLES: &str = "\
Examples:
  chatwire chat --mock
  chatwire chat -u http://localhost:3000 -s \"Be brief.\"
  chatwire chat -u http://localhost:3000 --messages saved.json
  chatwire chat -u http://localhost:3000 --continue
  chatwire chat --mock \"Why is the sky blue?\"
";

/// Chat in turns
///
/// The model sees everything that was said before. A line that begins with / is
/// a command; /help lists them. Ctrl-C stops an answer, Ctrl-D leaves.
#[derive(Debug, Clone, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct ChatArgs {
    /// The first question
    #[arg(value_name = "PROMPT")]
    prompt: Vec<String>,

    #[command(flatten)]
    target: TargetArgs,

    #[command(flatten)]
    conversation: ConversationArgs,

    /// Do not render Markdown on a terminal
    #[arg(long, help_heading = "Output")]
    raw: bool,

    #[command(flatten)]
    pictures: PictureArgs,

    /// Log requests, repetitions and times on standard error, but no text
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,

    /// Go on with the last conversation; `chatwire history` lists them
    #[arg(
        long = "continue",
        conflicts_with = "messages",
        help_heading = "Conversation"
    )]
    go_on: bool,

    /// Maximum number of repetitions after an error that may pass, before any
    /// text has arrived
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true,
        help_heading = "Server"
    )]
    retry: usize,

    /// Keep neither what is typed nor the conversation for later chats; the
    /// variable CHATWIRE_HISTORY=off does the same
    #[arg(long, help_heading = "Output")]
    no_history: bool,
}

const HELP: &str = "\
/help             this list
/system [TEXT]    show or set the instructions; - takes them away
/model [NAME]     show the models or choose one; - is the default
/endpoint [NAME]  show the endpoints of the configuration or choose one
/clear            begin anew; the instructions stay
/retry            ask the last question again
/undo             take the last question and its answer back
/save FILE        save the conversation as JSON, for ask --messages; asks before
                  it replaces a file, /save! does not
/load FILE        go on with a saved conversation
/image FILE       show a picture with the next question
/copy             copy the last answer to the clipboard
/quit             leave; exit and Ctrl-D do too

A line that ends with \\ goes on with the next, and so does an open code block;
Alt-Enter and Ctrl-O begin a new line. Pasted lines are one message. Ctrl-C stops
an answer. // sends a line that begins with /. ~ in the name of a file is your home.";

const COMMANDS: &[&str] = &[
    "/help",
    "/system",
    "/model",
    "/endpoint",
    "/clear",
    "/retry",
    "/undo",
    "/save",
    "/load",
    "/image",
    "/copy",
    "/quit",
];

/// Takes back that pastes are marked, which the line editor asks for, and ends
/// its line.
const NO_PASTES: &str = "\u{1b}[?2004l\n";

/// How long writing that may take.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What to do after a line.
enum Next {
    Read,
    Ask,
    Quit,
}

struct Chat<'a> {
    args: ChatArgs,
    general: &'a General,
    style: Style,
    target: Target,
    talk: Conversation,
    out: TextWriter,
    /// A person types.
    typing: bool,
    /// Where the conversation is kept; named with its first answer.
    kept: Kept,
    /// The file that a person has to agree to replace.
    replaced: Option<PathBuf>,
    /// How the last answer that failed ended.
    code: ExitCode,
}

/// Whether and where the conversation is kept for later.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kept {
    Nowhere,
    Later,
    In(PathBuf),
}

pub(crate) fn run(args: &ChatArgs, general: &General) -> Result<ExitCode, Failure> {
    if args.verbose {
        log::start_verbose();
    }
    runtime::run(async {
        let mut style = Style::new(general.color, args.raw);
        // Lines of the log would run into it.
        style.spinner &= !args.verbose;
        let target = Target::new(&args.target, general, true, args.retry).await?;
        let mut talk = Conversation::default();
        talk.system.clone_from(&args.conversation.system);
        talk.model = endpoints::model(&args.target)?;
        talk.temperature = args.conversation.temperature;
        talk.max_tokens = args.conversation.max_tokens;
        if let Some(file) = &args.conversation.messages {
            talk.load(file)?;
        }
        let mut kept = match is_wanted(args.no_history) {
            true => Kept::Later,
            false => Kept::Nowhere,
        };
        if args.go_on {
            let all = past();
            let last = all.first().ok_or_else(|| {
                Failure::Usage("there is no conversation to go on with yet".to_owned())
            })?;
            talk.load(&last.file)?;
            if let Some(system) = &args.conversation.system {
                talk.system = Some(system.clone());
            }
            say(&format!("going on with {} messages", talk.len()));
            if kept == Kept::Later {
                kept = Kept::In(last.file.clone());
            }
        }
        target.announce();
        let mut chat = Chat {
            args: args.clone(),
            general,
            style,
            target,
            talk,
            out: TextWriter::new(&style),
            typing: io::stdin().is_terminal(),
            kept,
            replaced: None,
            code: ExitCode::SUCCESS,
        };
        chat.run().await?;
        // Whoever types has seen what failed.
        Ok(if chat.typing {
            ExitCode::SUCCESS
        } else {
            chat.code
        })
    })
}

impl Chat<'_> {
    async fn run(&mut self) -> Result<(), Failure> {
        let typing = self.typing;
        let mode = TerminalMode::now();
        let mut input = match typing {
            true => {
                let lines = Lines::new(is_wanted(self.args.no_history), COMMANDS)?;
                ChatInput::Terminal(Box::new(lines))
            }
            false => ChatInput::Pipe(Piped::default()),
        };
        if typing {
            let info = self.target.provider.info();
            say(&format!(
                "talking to {} at {}; /help lists the commands, Ctrl-D leaves",
                info.name, info.base_url
            ));
        }
        if !self.args.prompt.is_empty() {
            self.talk.ask(&self.args.prompt.join(" "));
            self.ask().await?;
        }
        // What follows a command in the same paste.
        let mut following: Option<String> = None;
        loop {
            let typed = match following.take() {
                Some(text) => Typed::Line(text),
                None => {
                    let prompt = match (typing, &self.replaced) {
                        (false, _) => "",
                        (true, None) => "> ",
                        (true, Some(_)) => "replace it? [y/N] ",
                    };
                    // In a thread of its own, so that Ctrl-C is heard where no editor
                    // hears it.
                    let reading = tokio::task::spawn_blocking(move || {
                        let typed = input.read(prompt);
                        (input, typed)
                    });
                    let read = async {
                        reading
                            .await
                            .map_err(|error| Failure::Other(format!("standard input: {error}")))
                    };
                    let read = if typing {
                        runtime::until_termination(read).await
                    } else {
                        runtime::until_signal(read).await
                    };
                    let (back, typed) = match read {
                        Ok(read) => read,
                        Err(ended) => {
                            self.leave_line(&mode).await;
                            return Err(ended);
                        }
                    };
                    input = back;
                    typed?
                }
            };
            let mut line = match typed {
                Typed::Line(line) => line,
                Typed::Nothing => continue,
                Typed::End => return Ok(()),
            };
            if self.replaced.is_some() || has_one_line(&line) {
                following = split_first_line(&mut line);
            }
            if let Some(file) = self.replaced.take() {
                match line.trim().to_lowercase().as_str() {
                    "y" | "yes" => {
                        if let Err(failure) = self.save(&file) {
                            failure.report();
                        }
                    }
                    _ => say("it stays as it is"),
                }
                continue;
            }
            if line.trim().is_empty() {
                continue;
            }
            input.remember(&line);
            match runtime::until_signal(self.take(&line)).await {
                Ok(Next::Read) => {}
                Ok(Next::Ask) => self.ask().await?,
                Ok(Next::Quit) => return Ok(()),
                Err(Failure::Cancelled(Signal::Interrupt)) if typing => say("stopped"),
                Err(ended @ Failure::Cancelled(_)) => return Err(ended),
                Err(failure) => self.code = failure.report(),
            }
        }
    }

    /// Leaves the terminal to the shell as it was, where the editor that reads
    /// a line cannot do it any more.
    async fn leave_line(&mut self, mode: &TerminalMode) {
        if self.typing && self.out.is_terminal() && mode.restore() {
            let end = self.out.sequence(NO_PASTES);
            // Nobody may be reading.
            let _ = timeout(LAST_WORDS, end).await;
        }
    }

    /// A command, or a question.
    async fn take(&mut self, line: &str) -> Result<Next, Failure> {
        let trimmed = line.trim();
        if trimmed == "exit" || trimmed == "quit" {
            return Ok(Next::Quit);
        }
        let Some(command) = trimmed
            .strip_prefix('/')
            .filter(|rest| !rest.starts_with('/'))
        else {
            let question = trimmed.strip_prefix('/').unwrap_or(line);
            self.talk.ask(question);
            return Ok(Next::Ask);
        };
        let (name, rest) = command
            .split_once(char::is_whitespace)
            .unwrap_or((command, ""));
        let rest = rest.trim();
        match name {
            "help" | "?" => say_lines(HELP),
            "system" if rest.is_empty() => match &self.talk.system {
                Some(system) => say_lines(system),
                None => say("no instructions are set"),
            },
            "system" if rest == "-" => self.talk.system = None,
            "system" => self.talk.system = Some(rest.to_owned()),
            "model" => self.model(rest)?,
            "endpoint" => self.endpoint(rest).await?,
            "clear" => {
                self.talk.clear();
                if self.kept != Kept::Nowhere {
                    self.kept = Kept::Later;
                }
                say("a new conversation");
            }
            "retry" if self.talk.retry() => return Ok(Next::Ask),
            "retry" => say("there is no question yet"),
            "undo" => match self.talk.undo() {
                Some(question) => say(&format!("taken back: {question}")),
                None => say("there is nothing to take back"),
            },
            "save" | "save!" | "load" | "image" if rest.is_empty() => {
                return Err(Failure::Usage(format!("/{name} needs a file")));
            }
            "save" => {
                let file = typed_path(rest);
                if !is_taken(&file) {
                    self.save(&file)?;
                } else if self.typing {
                    say(&format!("{rest} is there already"));
                    self.replaced = Some(file);
                } else {
                    return Err(Failure::Usage(format!(
                        "{rest} is there already; /save! replaces it"
                    )));
                }
            }
            "save!" => self.save(&typed_path(rest))?,
            "load" => {
                self.talk.load(&typed_path(rest))?;
                say(&format!("{} messages from {rest}", self.talk.len()));
            }
            "image" => {
                let count = self.talk.show(image(&typed_path(rest))?);
                say(&format!("{count} picture(s) go with the next question"));
            }
            "copy" => self.copy().await?,
            "quit" | "exit" | "q" => return Ok(Next::Quit),
            _ => {
                return Err(Failure::Usage(format!(
                    "no command /{name}; /help lists them, // sends a line that begins with /"
                )));
            }
        }
        Ok(Next::Read)
    }

    fn save(&self, file: &Path) -> Result<(), Failure> {
        self.talk.save(file)?;
        let name = file.display();
        say(&format!("saved {} messages in {name}", self.talk.len()));
        Ok(())
    }

    /// Keeps the conversation for later chats.
    fn keep(&mut self) {
        let file = match &self.kept {
            Kept::Nowhere => return,
            Kept::In(file) => Ok(file.clone()),
            Kept::Later => new_file(),
        };
        let kept = file.map_err(|error| error.to_string()).and_then(|file| {
            let written = self.talk.save(&file).map_err(|failure| match failure {
                Failure::Usage(why) | Failure::Other(why) => why,
                other => format!("{other:?}"),
            });
            written.map(|()| file)
        });
        self.kept = match kept {
            Ok(file) => Kept::In(file),
            Err(why) => {
                say(&format!("the conversation cannot be kept: {why}"));
                Kept::Nowhere
            }
        };
    }

    fn model(&mut self, name: &str) -> Result<(), Failure> {
        let info = self.target.provider.info();
        match name {
            "" => {
                let known: Vec<&str> = info.models.iter().map(|m| m.id.as_str()).collect();
                let now = self.talk.model.as_deref().unwrap_or(&info.default_model);
                say(&format!("{now}; known: {}", known.join(", ")));
            }
            "-" => self.talk.model = None,
            name => {
                self.target.check_model(name)?;
                self.talk.model = Some(name.to_owned());
            }
        }
        Ok(())
    }

    async fn endpoint(&mut self, name: &str) -> Result<(), Failure> {
        if name.is_empty() {
            let file = Configuration::find(self.general)?;
            let config = file.parse()?;
            let names: Vec<&str> = config.endpoint_names().collect();
            if names.is_empty() {
                say(&format!("there are none in {}", file.path.display()));
            } else {
                say(&names.join(", "));
            }
            return Ok(());
        }
        let mut args = self.args.target.clone();
        args.endpoint = vec![name.to_owned()];
        args.provider = None;
        args.base_url = None;
        args.mock = false;
        self.target = Target::new(&args, self.general, true, self.args.retry).await?;
        // Another server has other models.
        self.talk.model = None;
        let info = self.target.provider.info();
        say(&format!("talking to {} at {}", info.name, info.base_url));
        Ok(())
    }

    /// Copies through the terminal, which may be on another machine.
    async fn copy(&mut self) -> Result<(), Failure> {
        let Some(answer) = self.talk.last_answer() else {
            say("there is no answer yet");
            return Ok(());
        };
        if !self.out.is_terminal() {
            return Err(Failure::Usage("/copy needs a terminal".into()));
        }
        let text = base64::engine::general_purpose::STANDARD.encode(prose(&answer).as_bytes());
        self.out
            .sequence(&format!("\u{1b}]52;c;{text}\u{7}"))
            .await?;
        say("the last answer was handed to the terminal's clipboard");
        Ok(())
    }

    /// Asks, and shows the answer; only what ends the chat is an error.
    async fn ask(&mut self) -> Result<(), Failure> {
        let mut answer = String::new();
        let mut spinner = Spinner::new(&self.style);
        let limit = self.target.timeout;
        let started = Instant::now();
        let asked = runtime::within(limit, self.stream(&mut spinner, &mut answer));
        let asked = runtime::until_signal(asked).await;
        spinner.stop();
        if let Err(failure) = &asked {
            failure.log(started.elapsed());
        }
        self.out.end_turn().await?;
        match asked {
            Ok(()) => {
                self.talk.answered(answer);
                self.keep();
            }
            Err(Failure::ClosedPipe) => return Err(Failure::ClosedPipe),
            Err(ended @ Failure::Cancelled(Signal::Terminate | Signal::Hangup)) => {
                return Err(ended);
            }
            Err(failure) => {
                let cancelled = matches!(failure, Failure::Cancelled(_));
                if cancelled && !answer.is_empty() {
                    self.talk.answered(answer);
                    self.keep();
                    say("stopped; what came is kept, /undo takes it back");
                } else {
                    self.talk.give_up();
                    if cancelled {
                        say("stopped; /retry asks again");
                    } else {
                        self.code = failure.report();
                        say("/retry asks again");
                    }
                }
            }
        }
        Ok(())
    }

    async fn stream(&mut self, spinner: &mut Spinner, answer: &mut String) -> Result<(), Failure> {
        let request = self.talk.request();
        let target = &self.target;
        target.check(&request)?;
        let asked = spinner.during(target.provider.stream(&request)).await;
        let reply = asked.map_err(|error| target.explain(error))?;
        let provider = reply.provider().to_owned();
        let mut events = ReadAhead::new(reply);
        loop {
            let mut next = pin!(events.next());
            // Pieces that come together are written together.
            let event = match runtime::at_once(&mut next).await {
                Some(event) => event,
                None => {
                    self.out.flush().await?;
                    spinner.during(next).await
                }
            };
            let Some(event) = event else { break };
            match event.map_err(|error| target.explain(error))? {
                ReplyEvent::Text(text) => {
                    spinner.stop();
                    answer.push_str(&text);
                    self.out.text(&text).await?;
                }
                ReplyEvent::Progress {
                    kind: ProgressKind::Doubt,
                    text,
                } => say(&text),
                ReplyEvent::Progress { text, .. } if answer.is_empty() => spinner.note(&text),
                ReplyEvent::Finish(finish) => {
                    for image in &finish.images {
                        say(&format!("image: {image}"));
                    }
                    if let Some(text) = finish.text {
                        *answer = text;
                    }
                    let pictures = &self.args.pictures;
                    let saved = save_pictures(&finish.images, pictures, target, &provider).await;
                    // The answer is there all the same.
                    if let Err(failure) = saved {
                        failure.report();
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether the text begins with a command that takes the rest of its line and no
/// more.
fn has_one_line(text: &str) -> bool {
    let name = text.split_whitespace().next().unwrap_or_default();
    name != "/system" && COMMANDS.contains(&name.trim_end_matches('!'))
}

/// Cuts a text after its first line and returns what follows.
fn split_first_line(text: &mut String) -> Option<String> {
    let text_start = text.len() - text.trim_start().len();
    let end = text_start + text.get(text_start..)?.find('\n')?;
    let rest = text.split_off(end);
    let rest = rest.trim_matches('\n');
    (!rest.trim().is_empty()).then(|| rest.to_owned())
}

fn say_lines(text: &str) {
    for line in text.lines() {
        say(line);
    }
}
