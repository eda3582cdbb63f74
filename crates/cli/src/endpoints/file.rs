//! The configuration file: where it is, and what it says.

use std::env;
use std::path::PathBuf;

use chatwire_config::{Config, ConfigErrors, read_config, warn_if_readable};
use etcetera::BaseStrategy as _;

use crate::args::General;
use crate::failure::Failure;

/// The variable that names another file.
const VARIABLE: &str = "CHATWIRE_CONFIG";

/// A configuration, and where it was read.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) path: PathBuf,
    /// The text of the file; none when there is no file, which is no error
    /// unless one was named.
    pub(crate) text: Option<String>,
}

impl Configuration {
    /// Finds the file: the flag's, the environment's, the usual one.
    pub(crate) fn find(general: &General) -> Result<Configuration, Failure> {
        let (path, named) = place(general)?;
        let text =
            read_config(&path).map_err(|why| Failure::Usage(format!("configuration: {why}")))?;
        if text.is_none() && named {
            return Err(Failure::Usage(format!(
                "configuration {:?} cannot be read: there is no such file",
                path.display().to_string()
            )));
        }
        Ok(Configuration { path, text })
    }

    /// Reads it; without a file, it is empty.
    pub(crate) fn parse(&self) -> Result<Config, Failure> {
        let config = Config::parse(self.text.as_deref().unwrap_or_default())
            .map_err(|errors| self.mistakes(&errors))?;
        if config.has_secrets() {
            warn_if_readable(&self.path);
        }
        Ok(match self.path.parent() {
            Some(folder) => config.with_folder(folder),
            None => config,
        })
    }

    /// The mistakes, each on a line of its own with the name of the file.
    pub(crate) fn mistakes(&self, errors: &ConfigErrors) -> Failure {
        let path = self.path.display();
        let lines: Vec<String> = errors
            .iter()
            .map(|error| format!("{path}: {error}"))
            .collect();
        Failure::Usage(lines.join("\n"))
    }
}

/// Where the file is or would be, and whether the person named it.
pub(crate) fn place(general: &General) -> Result<(PathBuf, bool), Failure> {
    if let Some(path) = &general.config {
        return Ok((path.clone(), true));
    }
    if let Some(path) = env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        return Ok((path.into(), true));
    }
    let folders = etcetera::choose_base_strategy().map_err(|error| {
        Failure::Usage(format!(
            "there is no place for a configuration ({error}): name one with --config"
        ))
    })?;
    let path = folders.config_dir().join("chatwire").join("chatwire.toml");
    Ok((path, false))
}
