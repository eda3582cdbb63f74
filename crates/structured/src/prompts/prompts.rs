use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use chatwire_core::{Error, ErrorKind};

use super::file::PromptFile;
use super::template::Template;

/// The longest prompt in a folder, in KiB.
const MAX_KIB: u64 = 256;

/// The instructions that models get: what JSON to write, how to call a tool, and
/// what to do about an answer that is not valid.
///
/// Each is a text file with a version. `Prompts::default()` has those of this
/// crate, which are in English; [`from_dir`](Prompts::from_dir) replaces
/// some of them or all:
///
/// | file | when | places | cases |
/// |---|---|---|---|
/// | `json_object.txt` | a JSON object is asked for | | |
/// | `json_schema.txt` | JSON by a schema is asked for | `schema`, `name`, `description` | `described` |
/// | `forced_call.txt` | one tool must be called | `schema`, `name`, `description` | `described` |
/// | `tools.txt` | tools may be called | `marker`, `tools`, `json` | `many`, `one`, `auto`, `required`, `json` |
/// | `repair_json.txt` | the JSON is not valid | `errors`, `answer` | `alone` |
/// | `repair_call.txt` | a call is not valid | `errors`, `marker`, `answer` | `alone` |
///
/// The first line of a file is its version, such as `version 1`. In the lines
/// below, `${schema}` is a place for a value, and a line that begins with
/// `[if described]` is there only in that case: the schema or the tool has a
/// description (`described`); several calls may be made at once (`many`), or only
/// one (`one`); the model decides whether it calls a tool (`auto`), or must call
/// one (`required`); an answer without calls has to be JSON (`json`); the provider
/// sends no earlier messages, so that the question must repeat the answer
/// (`alone`).
///
/// A call has the form `<call-MARKER>{"name": …, "arguments": …}</call-MARKER>`,
/// and a result `<result-MARKER call=… name=…>…</result-MARKER>`. The wrapper reads
/// and writes those; a file that describes another form makes calls fail. `MARKER`
/// is new in each request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompts {
    templates: BTreeMap<PromptFile, Template>,
}

impl Default for Prompts {
    fn default() -> Prompts {
        // A test reads all of them.
        let templates = PromptFile::ALL
            .into_iter()
            .filter_map(|file| Some((file, Template::parse(file, file.text()).ok()?)))
            .collect();
        Prompts { templates }
    }
}

impl Prompts {
    /// Reads the files of a folder. A file that is not there stays as it is in this
    /// crate.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the folder or a file cannot be read, if a
    /// file with the ending `.txt` has a name that is not known, or if a text has
    /// no version, an unknown place or case, or misses a place that it must have.
    pub fn from_dir(folder: impl AsRef<Path>) -> Result<Prompts, Error> {
        let folder = folder.as_ref();
        let unreadable = |path: &Path, error: io::Error| {
            invalid(format!("cannot read the prompts {}", path.display())).with_source(error)
        };
        let mut prompts = Prompts::default();
        let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
        for entry in entries {
            let path = entry.map_err(|error| unreadable(folder, error))?.path();
            if path.extension().is_none_or(|ending| ending != "txt") {
                continue;
            }
            let known = PromptFile::ALL
                .into_iter()
                .find(|file| path.file_name().is_some_and(|name| name == file.name()));
            let Some(file) = known else {
                let names = PromptFile::ALL.map(PromptFile::name).join(", ");
                return Err(invalid(format!(
                    "no prompt has the name {}; known: {names}",
                    path.display()
                )));
            };
            let text = read(&path).map_err(|error| unreadable(&path, error))?;
            let template = Template::parse(file, &text)
                .map_err(|why| invalid(format!("the prompt {} {why}", path.display())))?;
            prompts.templates.insert(file, template);
        }
        Ok(prompts)
    }

    /// Returns the name of each file with its version and the text below that, for
    /// example to write copies that can be changed.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, u32, &str)> {
        let templates = self.templates.iter();
        templates.map(|(file, template)| (file.name(), template.version(), template.text()))
    }

    /// Returns the text of a file for these cases, with the values in its places.
    pub(crate) fn fill(&self, file: PromptFile, cases: &[&str], values: &[(&str, &str)]) -> String {
        let template = self.templates.get(&file);
        template.map_or(String::new(), |template| template.fill(cases, values))
    }
}

/// Reads a whole prompt. It is a part of every question, so a long one is a mistake.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let max = MAX_KIB * 1024;
    File::open(path)?.take(max + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|read| read > max) {
        return Err(io::Error::other(format!("it has more than {MAX_KIB} KiB")));
    }
    Ok(text)
}

fn invalid(why: String) -> Error {
    Error::new(ErrorKind::InvalidRequest, why)
}
