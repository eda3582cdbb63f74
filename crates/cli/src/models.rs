//! `chatwire models`: the models of a server.

use std::io::{self, Write as _};

use serde_json::json;

use crate::args::{General, ModelsArgs};
use crate::exit::{Failure, say};
use crate::runtime;
use crate::spinner::Spinner;
use crate::style::Style;
use crate::target::Target;

/// Lists them, and returns the exit code.
pub(crate) fn run(args: &ModelsArgs, general: &General) -> i32 {
    runtime::run(runtime::until_signal(list(args, general)))
}

async fn list(args: &ModelsArgs, general: &General) -> Result<(), Failure> {
    let mut target_args = args.target.clone();
    target_args.endpoint.extend(args.name.clone());
    let target = Target::new(&target_args, general, true, 0).await?;
    let mut spinner = Spinner::new(&Style::new(general.color, true));
    let asked = spinner.during(target.provider.models()).await;
    spinner.stop();
    let models = asked.map_err(|error| target.explain(error))?;
    if !target.provider.info().capabilities.lists_models {
        say("this kind of server cannot be asked; these are the models known without asking");
    }
    let text = if args.json {
        let models = models.iter().map(|m| json!({"id": m.id, "name": m.name}));
        format!("{}\n", serde_json::Value::Array(models.collect()))
    } else {
        let width = models
            .iter()
            .map(|m| m.id.chars().count())
            .max()
            .unwrap_or(0);
        models
            .iter()
            .map(|model| match model.name == model.id {
                true => format!("{}\n", model.id),
                false => format!("{:width$}  {}\n", model.id, model.name),
            })
            .collect()
    };
    let text = crate::terminal::without_controls(&text);
    io::stdout().write_all(text.as_bytes())?;
    io::stdout().flush()?;
    Ok(())
}
