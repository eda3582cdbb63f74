//! The transcripts in the README are what the program prints.
//!
//! `CHATWIRE_BLESS=1 cargo test -p chatwire-cli --test all readme` writes it anew.

use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn transcripts() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    // A published crate has no workspace around it.
    let Ok(readme) = std::fs::read_to_string(&path) else {
        return;
    };
    let mut printed = String::new();
    let mut is_transcript = false;
    for line in readme.lines() {
        if !is_transcript || line == "```" {
            is_transcript = line == "```console";
            printed.push_str(&format!("{line}\n"));
        } else if let Some(command) = line.strip_prefix("$ ") {
            printed.push_str(&format!("{line}\n{}", output(command)));
        }
    }
    if std::env::var_os("CHATWIRE_BLESS").is_some() {
        std::fs::write(&path, printed).unwrap();
    } else {
        assert_eq!(printed, readme);
    }
}

/// What a person sees; on a terminal, an answer ends its line.
fn output(command: &str) -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_chatwire")).parent().unwrap();
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
