use std::path::PathBuf;

use clap::Args;

/// The form of an answer on standard output.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Print one JSON object when the answer is complete
    #[arg(long, conflicts_with = "jsonl")]
    pub(crate) json: bool,

    /// Print one JSON object for each event
    #[arg(long)]
    pub(crate) jsonl: bool,

    /// Print only the first code block of the answer
    #[arg(short = 'x', long = "extract", conflicts_with_all = ["json", "jsonl"])]
    pub(crate) extract: bool,

    /// Print the answer when it is complete, not as it arrives
    #[arg(long)]
    pub(crate) no_stream: bool,

    /// Do not render Markdown on a terminal
    #[arg(long)]
    pub(crate) raw: bool,

    #[command(flatten)]
    pub(crate) pictures: PictureArgs,

    /// Print the model's reasoning, if the server sends it: on standard error, or
    /// as a member with --json
    #[arg(long)]
    pub(crate) reasoning: bool,

    /// Report times, sizes and tokens on standard error
    #[arg(long)]
    pub(crate) usage: bool,
}

/// What becomes of the pictures of an answer.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct PictureArgs {
    /// Save the pictures of the answer in this directory; no file is overwritten
    #[arg(long, value_name = "DIR")]
    pub(crate) save_images: Option<PathBuf>,

    /// Host other than the server's own from which pictures are fetched; can be
    /// repeated
    #[arg(long, value_name = "HOST", requires = "save_images")]
    pub(crate) image_host: Vec<String>,
}

/// The form of a list or report.
#[derive(Debug, Args)]
pub(crate) struct JsonArg {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
