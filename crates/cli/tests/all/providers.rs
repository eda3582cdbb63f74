//! `chatwire providers`, `--help` and `--version` as black boxes.

use crate::support::run;
use serde_json::Value;

#[tokio::test]
async fn providers_are_listed() {
    let table = run(["providers"]).await;
    assert_eq!((table.code, table.err.as_str()), (Some(0), ""));
    for words in [
        "magickpen",
        "https://magickpen.com",
        "gpt-4o-mini",
        "chatgpt4online",
        "https://chatgpt4online.org",
        "gpt-4",
        "bot_id",
        "aura (default)",
        "https://openchat.team",
        "openchat_3.6",
        "token_limit",
        "streaming, system, history",
    ] {
        assert!(table.out.contains(words), "no {words:?} in:\n{}", table.out);
    }
    let json = run(["providers", "--json"]).await;
    let list: Vec<Value> = serde_json::from_str(&json.out).unwrap();
    let names: Vec<&str> = list.iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["magickpen", "chatgpt4online", "aura", "ai-sdk"]);
    assert!(
        list.iter()
            .all(|p| p["capabilities"].as_array().is_some_and(|c| !c.is_empty()))
    );
}

/// What it does and how it is called; then examples, before the options.
#[tokio::test]
async fn help_leads_with_examples() {
    let mut all = vec![vec!["--help"], vec!["-h"], vec!["ask", "-h"]];
    for command in [
        "ask",
        "chat",
        "providers",
        "config",
        "check",
        "models",
        "serve",
        "mock",
        "completions",
        "man",
    ] {
        all.push(vec![command, "--help"]);
    }
    for args in all {
        let help = run(&args).await;
        assert_eq!(help.code, Some(0));
        let (about, rest) = help.out.split_once("\nUsage: chatwire ").unwrap();
        assert!(about.lines().count() <= 5, "{about}");
        let (_, rest) = rest.split_once("\n\n").unwrap();
        assert!(rest.starts_with("Examples:\n  chatwire "), "{}", help.out);
        for line in help.out.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
    let version = run(["--version"]).await;
    assert!(version.out.starts_with("chatwire 0."), "{version:?}");
    assert_eq!(run([""; 0]).await.code, Some(2));
}
