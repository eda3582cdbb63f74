//! `chatwire chat`: a conversation in turns.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;

use base64::Engine as _;
use chatwire::{ProgressKind, ReplyEvent};
use clap::Args;

use crate::answer::save_pictures;
use crate::args::{ConversationArgs, General, PictureArgs, TargetArgs};
use crate::conversation::{Conversation, image};
use crate::endpoints::{self, Configuration, Target};
use crate::failure::Failure;
use crate::log;
use crate::runtime;
use crate::signals::Signal;
use crate::terminal::{Lines, Spinner, Style, TextWriter, Typed, say};

const EXAMPLES: &str = "\
Examples:
  chatwire chat --mock
  chatwire chat -u http://localhost:3000 -s \"Be brief.\"
  chatwire chat -u http://localhost:3000 --messages saved.json
";

/// Chat in turns
///
/// The model sees everything that was said before. A line that begins with / is
/// a command; /help lists them. Ctrl-C stops an answer, Ctrl-D leaves.
#[derive(Debug, Clone, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct ChatArgs {
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

    /// Do not save what is typed for later chats
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
/save FILE        save the conversation as JSON, for ask --messages
/load FILE        go on with a saved conversation
/image FILE       show a picture with the next question
/copy             copy the last answer to the clipboard
/quit             leave; Ctrl-D does too

A line that ends with \\ goes on with the next, and so does an open code block;
Alt-Enter and Ctrl-O begin a new line. Ctrl-C stops an answer. // sends a line
that begins with /.";

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
}

pub(crate) fn run(args: &ChatArgs, general: &General) -> Result<ExitCode, Failure> {
    if args.verbose {
        log::start_verbose();
    }
    runtime::run(async {
        let style = Style::new(general.color, args.raw);
        let target = Target::new(&args.target, general, true, 0).await?;
        let mut talk = Conversation::default();
        talk.system.clone_from(&args.conversation.system);
        talk.model = endpoints::model(&args.target)?;
        talk.temperature = args.conversation.temperature;
        talk.max_tokens = args.conversation.max_tokens;
        if let Some(file) = &args.conversation.messages {
            talk.load(file)?;
        }
        target.announce();
        let mut chat = Chat {
            args: args.clone(),
            general,
            style,
            target,
            talk,
            out: TextWriter::new(&style),
        };
        chat.run().await?;
        Ok(ExitCode::SUCCESS)
    })
}

impl Chat<'_> {
    async fn run(&mut self) -> Result<(), Failure> {
        let typing = io::stdin().is_terminal();
        let mut lines = Lines::new(typing && !self.args.no_history, COMMANDS)?;
        if typing {
            let info = self.target.provider.info();
            say(&format!(
                "talking to {} at {}; /help lists the commands, Ctrl-D leaves",
                info.name, info.base_url
            ));
        }
        loop {
            let prompt = if typing { "> " } else { "" };
            // In a thread of its own, so that Ctrl-C is heard where no editor
            // hears it.
            let reading = tokio::task::spawn_blocking(move || {
                let typed = lines.read(prompt);
                (lines, typed)
            });
            let read = async {
                reading
                    .await
                    .map_err(|error| Failure::Other(format!("standard input: {error}")))
            };
            let (back, typed) = if typing {
                runtime::until_termination(read).await?
            } else {
                runtime::until_signal(read).await?
            };
            lines = back;
            let line = match typed? {
                Typed::Line(line) => line,
                Typed::Nothing => continue,
                Typed::End => return Ok(()),
            };
            if line.trim().is_empty() {
                continue;
            }
            if typing {
                lines.remember(&line);
            }
            match self.take(&line).await {
                Ok(Next::Read) => {}
                Ok(Next::Ask) => self.ask().await?,
                Ok(Next::Quit) => return Ok(()),
                Err(failure) => {
                    failure.report();
                }
            }
        }
    }

    /// A command, or a question.
    async fn take(&mut self, line: &str) -> Result<Next, Failure> {
        let trimmed = line.trim();
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
                say("a new conversation");
            }
            "retry" if self.talk.retry() => return Ok(Next::Ask),
            "retry" => say("there is no question yet"),
            "undo" => match self.talk.undo() {
                Some(question) => say(&format!("taken back: {question}")),
                None => say("there is nothing to take back"),
            },
            "save" | "load" | "image" if rest.is_empty() => {
                return Err(Failure::Usage(format!("/{name} needs a file")));
            }
            "save" => {
                self.talk.save(Path::new(rest))?;
                say(&format!("saved {} messages in {rest}", self.talk.len()));
            }
            "load" => {
                self.talk.load(Path::new(rest))?;
                say(&format!("{} messages from {rest}", self.talk.len()));
            }
            "image" => {
                let count = self.talk.show(image(Path::new(rest))?);
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
        self.target = Target::new(&args, self.general, true, 0).await?;
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
        let text = base64::engine::general_purpose::STANDARD.encode(answer.as_bytes());
        self.out
            .bytes(format!("\u{1b}]52;c;{text}\u{7}").as_bytes())
            .await?;
        self.out.flush().await?;
        say("the last answer was handed to the terminal's clipboard");
        Ok(())
    }

    /// Asks, and shows the answer; only what ends the chat is an error.
    async fn ask(&mut self) -> Result<(), Failure> {
        let mut answer = String::new();
        let mut spinner = Spinner::new(&self.style);
        let limit = self.target.timeout;
        let asked = runtime::within(limit, self.stream(&mut spinner, &mut answer));
        let asked = runtime::until_signal(asked).await;
        spinner.stop();
        self.out.end().await?;
        match asked {
            Ok(()) => self.talk.answered(answer),
            Err(Failure::ClosedPipe) => return Err(Failure::ClosedPipe),
            Err(ended @ Failure::Cancelled(Signal::Terminate | Signal::Hangup)) => {
                return Err(ended);
            }
            Err(failure) => {
                let cancelled = matches!(failure, Failure::Cancelled(_));
                if cancelled && !answer.is_empty() {
                    self.talk.answered(answer);
                    say("stopped; what came is kept, /undo takes it back");
                } else {
                    self.talk.give_up();
                    if cancelled {
                        say("stopped; /retry asks again");
                    } else {
                        failure.report();
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
        let mut reply = asked.map_err(|error| target.explain(error))?;
        let provider = reply.provider().to_owned();
        while let Some(event) = spinner.during(reply.next()).await {
            match event.map_err(|error| target.explain(error))? {
                ReplyEvent::Text(text) => {
                    spinner.stop();
                    answer.push_str(&text);
                    self.out.text(&text).await?;
                    self.out.flush().await?;
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

fn say_lines(text: &str) {
    for line in text.lines() {
        say(line);
    }
}
