/// One of the files that hold the instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PromptFile {
    JsonObject,
    JsonSchema,
    ForcedCall,
    RepairJson,
    Tools,
    RepairCall,
}

impl PromptFile {
    pub(crate) const ALL: [PromptFile; 6] = [
        PromptFile::JsonObject,
        PromptFile::JsonSchema,
        PromptFile::ForcedCall,
        PromptFile::RepairJson,
        PromptFile::Tools,
        PromptFile::RepairCall,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            PromptFile::JsonObject => "json_object.txt",
            PromptFile::JsonSchema => "json_schema.txt",
            PromptFile::ForcedCall => "forced_call.txt",
            PromptFile::RepairJson => "repair_json.txt",
            PromptFile::Tools => "tools.txt",
            PromptFile::RepairCall => "repair_call.txt",
        }
    }

    /// The text that is compiled in.
    pub(super) fn text(self) -> &'static str {
        match self {
            PromptFile::JsonObject => include_str!("../../prompts/json_object.txt"),
            PromptFile::JsonSchema => include_str!("../../prompts/json_schema.txt"),
            PromptFile::ForcedCall => include_str!("../../prompts/forced_call.txt"),
            PromptFile::RepairJson => include_str!("../../prompts/repair_json.txt"),
            PromptFile::Tools => include_str!("../../prompts/tools.txt"),
            PromptFile::RepairCall => include_str!("../../prompts/repair_call.txt"),
        }
    }

    /// The places that the text must have, because it says nothing without them.
    pub(super) fn required(self) -> &'static [&'static str] {
        match self {
            PromptFile::JsonObject => &[],
            PromptFile::JsonSchema | PromptFile::ForcedCall => &["schema"],
            PromptFile::RepairJson => &["errors"],
            PromptFile::Tools => &["marker", "tools"],
            PromptFile::RepairCall => &["errors", "marker"],
        }
    }

    /// The other places that the text may have.
    pub(super) fn optional(self) -> &'static [&'static str] {
        match self {
            PromptFile::JsonObject => &[],
            PromptFile::JsonSchema | PromptFile::ForcedCall => &["name", "description"],
            PromptFile::RepairJson | PromptFile::RepairCall => &["answer"],
            PromptFile::Tools => &["json"],
        }
    }

    /// The cases that lines of the text can be for.
    pub(super) fn cases(self) -> &'static [&'static str] {
        match self {
            PromptFile::JsonObject => &[],
            PromptFile::JsonSchema | PromptFile::ForcedCall => &["described"],
            PromptFile::RepairJson | PromptFile::RepairCall => &["alone"],
            PromptFile::Tools => &["many", "one", "auto", "required", "json"],
        }
    }
}
