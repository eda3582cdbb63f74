/// Which version of the package `ai` the server is built with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AiSdkVersion {
    /// 3.4: data streams without the start of a step, errors without words.
    V3,
    /// 4.3: data streams.
    V4,
    /// 5.0: UI message streams.
    V5,
    /// 6.0: as 5, and an aborted stream says why.
    V6,
    /// 7.0: as 6, and system messages are refused.
    #[default]
    V7,
}

/// How the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AiSdkStream {
    /// `toUIMessageStreamResponse`: the default from 5 on.
    Ui,
    /// `toDataStreamResponse`: the default of 3 and 4.
    Data,
    /// `toTextStreamResponse`.
    Text,
}

/// What the server's route does with the messages of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AiSdkRoute {
    /// Converts them: `streamText({messages: convertToModelMessages(messages)})`. Versions 3 and
    /// 4 do that by themselves.
    #[default]
    Convert,
    /// Validates them first: `validateUIMessages`, or an agent.
    Validate,
    /// Passes them straight on: `streamText({messages})`.
    Straight,
    /// The ai-chatbot template of that time, the newest being 4: 2025-04-26, 2025-05-01,
    /// 2025-07-03, 2025-12-14, 2025-12-19.
    Template(u8),
}

impl AiSdkVersion {
    /// All versions, the oldest first.
    pub const ALL: [Self; 5] = [Self::V3, Self::V4, Self::V5, Self::V6, Self::V7];

    /// How a server of this version answers by default.
    pub fn default_stream(self) -> AiSdkStream {
        if self < Self::V5 {
            AiSdkStream::Data
        } else {
            AiSdkStream::Ui
        }
    }
}
