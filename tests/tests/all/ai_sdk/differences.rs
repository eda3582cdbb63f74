//! Where ours differs from what the official client makes of the same bytes.

const ERROR: &str = "an error line is an error, also where it has no words";
const STEPS: &str = "the texts of all steps are one answer, as from 4.3 on";
const EMPTY: &str = "an answer without text is none";
const UNKNOWN: &str = "parts of unknown types and codes are skipped";
const MARK: &str = "a clean end without an end mark is no end";
const JSON: &str = "an app that does not stream answers in JSON";
const PARTS: &str = "a blank line stands between the parts of an answer";
const ABORT: &str = "an answer that the server aborts is not whole";
const NO_ANSWER: &str = "JSON that says what is wrong is an error, also with status 200";

/// The recording, and the rule.
pub(crate) const DIFFERENCES: &[(&str, &str)] = &[
    ("v310_data_err_mid", ERROR),
    ("v320_data_err_mid", ERROR),
    ("v3_data_tools", STEPS),
    ("v410_data_tools", STEPS),
    ("v4_data_custom_empty", EMPTY),
    ("v4_data_custom_unknown_code", UNKNOWN),
    ("v4_data_cut_clean", MARK),
    ("v4_data_err_mid_throw_nginx", MARK),
    ("v4_data_http_200_json_text", JSON),
    ("v4_text_empty", EMPTY),
    ("v500_ui_tools", PARTS),
    ("v5_ui_abort_mid", ABORT),
    ("v5_ui_custom_unknown_type", UNKNOWN),
    ("v6_text_empty", EMPTY),
    ("v6_ui_abort_mid", ABORT),
    ("v6_ui_custom_data_only", EMPTY),
    ("v6_ui_custom_unknown_type", UNKNOWN),
    ("v6_ui_cut_clean", MARK),
    ("v6_ui_fin_filter_empty", EMPTY),
    ("v6_ui_http_200_json_error", NO_ANSWER),
    ("v6_ui_http_200_json_text", JSON),
    ("v6_ui_tool_client", EMPTY),
    ("v6_ui_tools", PARTS),
    ("v7_ui_abort_mid", ABORT),
    ("v7_ui_custom_unknown_type", UNKNOWN),
    ("v7_ui_helper_tools", PARTS),
];
