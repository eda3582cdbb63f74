//! Completions and man pages, made from the command line's own description.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::failure::Failure;

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  chatwire completions bash > ~/.local/share/bash-completion/completions/chatwire
  chatwire completions zsh > ~/.zfunc/_chatwire
  chatwire completions fish > ~/.config/fish/completions/chatwire.fish
  chatwire completions powershell >> $PROFILE
";

const MAN_EXAMPLES: &str = "\
Examples:
  chatwire man | man -l -
  chatwire man ~/.local/share/man/man1
";

/// Generate completions for a shell
#[derive(Debug, Args)]
#[command(before_help = COMPLETIONS_EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// Shell to generate them for
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

/// Generate manual pages
#[derive(Debug, Args)]
#[command(before_help = MAN_EXAMPLES)]
pub(crate) struct ManArgs {
    /// Folder to write chatwire.1 and the pages of the commands to [default:
    /// print chatwire.1]
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Prints completions for a shell.
pub(crate) fn completions(
    args: &CompletionsArgs,
    mut command: clap::Command,
) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "chatwire", &mut script);
    print(&script)
}

/// Prints the manual page, or writes all pages to a folder.
pub(crate) fn man(args: &ManArgs, command: clap::Command) -> Result<ExitCode, Failure> {
    match &args.folder {
        Some(folder) => write_pages(folder, command),
        None => print(&page(command)?),
    }
}

fn write_pages(folder: &Path, mut command: clap::Command) -> Result<ExitCode, Failure> {
    let failed = |path: &Path, error: io::Error| {
        Failure::Other(format!(
            "{:?} cannot be written: {error}",
            path.display().to_string()
        ))
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    // Gives the subcommands their full names.
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
    Ok(ExitCode::SUCCESS)
}

fn page(command: clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::Other(format!("the manual page cannot be generated: {error}")))?;
    Ok(page)
}

fn print(bytes: &[u8]) -> Result<ExitCode, Failure> {
    io::stdout().write_all(bytes)?;
    io::stdout().flush()?;
    Ok(ExitCode::SUCCESS)
}
