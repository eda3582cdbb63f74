//! Completions and man pages, made from the command line's own description.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use clap::CommandFactory as _;

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::exit::Failure;

/// Prints completions for a shell, and returns the exit code.
pub(crate) fn completions(args: &CompletionsArgs) -> i32 {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "chatwire", &mut script);
    code(print(&script))
}

/// Prints the man page, or writes all pages to a folder; returns the exit code.
pub(crate) fn man(args: &ManArgs) -> i32 {
    code(match &args.folder {
        Some(folder) => write_pages(folder),
        None => page(Cli::command()).and_then(|page| print(&page)),
    })
}

fn write_pages(folder: &Path) -> Result<(), Failure> {
    let failed = |path: &Path, error: io::Error| {
        Failure::Other(format!(
            "{:?} cannot be written: {error}",
            path.display().to_string()
        ))
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut command = Cli::command();
    // Gives the subcommands their whole names.
    command.build();
    let mut all = vec![("chatwire".to_owned(), command)];
    while let Some((name, command)) = all.pop() {
        for sub in command
            .get_subcommands()
            .filter(|sub| sub.get_name() != "help")
        {
            all.push((format!("{name}-{}", sub.get_name()), sub.clone()));
        }
        let path = folder.join(format!("{name}.1"));
        let page = page(command)?;
        fs::write(&path, page).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

fn page(command: clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::Other(format!("the man page cannot be made: {error}")))?;
    Ok(page)
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    io::stdout().write_all(bytes)?;
    io::stdout().flush()?;
    Ok(())
}

fn code(done: Result<(), Failure>) -> i32 {
    match done {
        Ok(()) => 0,
        Err(failure) => failure.report(),
    }
}
