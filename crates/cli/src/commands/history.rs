//! `chatwire history`: the conversations of earlier chats.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use chatwire::Role;
use clap::Args;
use serde_json::json;

use crate::args::JsonArg;
use crate::conversation::{past, read_messages};
use crate::failure::Failure;
use crate::terminal::{print, print_json, say};

const EXAMPLES: &str = "\
Examples:
  chatwire history
  chatwire history 1
  chatwire history 2 --json > talk.json
  chatwire chat --continue -u http://localhost:3000
";

/// How much of a question the list shows.
const SHOWN: usize = 60;

/// List and print the conversations of earlier chats
///
/// `chat` keeps the last 100 conversations in files that only you can read;
/// `chat --no-history` and CHATWIRE_HISTORY=off switch that off. `chat
/// --continue` goes on with the last one.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct HistoryArgs {
    /// Number of the conversation to print; 1 is the last one [default: list
    /// them]
    #[arg(value_name = "NUMBER")]
    number: Option<usize>,

    /// Delete the conversation, or all of them
    #[arg(long, conflicts_with = "json")]
    delete: bool,

    #[command(flatten)]
    output: JsonArg,
}

pub(crate) fn run(args: &HistoryArgs) -> Result<ExitCode, Failure> {
    let all = past();
    match args.number {
        None if args.delete => {
            for past in &all {
                delete(past)?;
            }
            say(&format!("deleted {} conversations", all.len()));
        }
        None if args.output.json => {
            let list: Vec<_> = all.iter().map(entry).collect();
            print_json(&format!("{:#}\n", serde_json::Value::Array(list)))?;
        }
        None => {
            let mut text = String::new();
            for (index, past) in all.iter().enumerate() {
                let (count, question) = summary(past);
                let begun = time(past.begun);
                let _ = writeln!(
                    text,
                    "{:>3}  {begun}  {count:>3} messages  {question}",
                    index + 1
                );
            }
            if text.is_empty() {
                say("there are no conversations yet");
            }
            print(&text)?;
        }
        Some(number) => {
            let past = number.checked_sub(1).and_then(|index| all.get(index));
            let past = past.ok_or_else(|| {
                Failure::Usage(format!("no conversation {number}: there are {}", all.len()))
            })?;
            if args.delete {
                delete(past)?;
                say(&format!("deleted conversation {number}"));
                return Ok(ExitCode::SUCCESS);
            }
            let messages = read_messages(&past.file)?;
            if args.output.json {
                let json = serde_json::to_string_pretty(&messages)
                    .map_err(|error| Failure::Other(error.to_string()))?;
                print_json(&(json + "\n"))?;
            } else {
                let mut text = String::new();
                for message in messages.into_vec() {
                    let said = message.text();
                    let mark = match message.role() {
                        Role::User => "> ",
                        role if role.is_system() => "# ",
                        _ => "",
                    };
                    for line in said.lines() {
                        let _ = writeln!(text, "{mark}{line}");
                    }
                    text.push('\n');
                }
                print(&text)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn delete(past: &crate::conversation::Past) -> Result<(), Failure> {
    std::fs::remove_file(&past.file)
        .map_err(|error| Failure::Other(format!("{:?}: {error}", past.file.display().to_string())))
}

fn entry(past: &crate::conversation::Past) -> serde_json::Value {
    let (messages, question) = summary(past);
    json!({
        "file": past.file.display().to_string(),
        "begun": time(past.begun),
        "messages": messages,
        "question": question,
    })
}

/// How many messages there are, and how the first question begins.
fn summary(past: &crate::conversation::Past) -> (usize, String) {
    let Ok(messages) = read_messages(&past.file) else {
        return (0, "cannot be read".to_owned());
    };
    let messages = messages.into_vec();
    let first = messages
        .iter()
        .find(|message| message.role() == &Role::User);
    let question = first.map(|message| message.text().into_owned());
    let words = question.unwrap_or_default();
    let words: Vec<&str> = words.split_whitespace().collect();
    (
        messages.len(),
        words.join(" ").chars().take(SHOWN).collect(),
    )
}

/// Date and time, in UTC.
fn time(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // The civil calendar, in years that begin with March: a leap day ends one.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carried) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!(
        "{:04}-{month:02}-{day:02} {:02}:{:02}Z",
        era * 400 + year + carried,
        rest / 3600,
        rest / 60 % 60
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00Z"),
            (951_782_399, "2000-02-28 23:59Z"),
            (951_782_400, "2000-02-29 00:00Z"),
            (1_709_251_140, "2024-02-29 23:59Z"),
            (4_102_444_800, "2100-01-01 00:00Z"),
        ] {
            assert_eq!(time(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }
}
