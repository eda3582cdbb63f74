use std::fs;

use chatwire_core::{ChatRequest, ErrorKind, ProviderExt, ResponseFormat};
use chatwire_structured::{Prompts, Structured};

use crate::scripted::Scripted;

#[test]
fn every_file_is_there_and_has_a_version() {
    let prompts = Prompts::default();
    let files: Vec<_> = prompts.files().collect();
    let names: Vec<&str> = files.iter().map(|(name, _, _)| *name).collect();
    assert_eq!(
        names,
        [
            "json_object.txt",
            "json_schema.txt",
            "forced_call.txt",
            "repair_json.txt",
            "tools.txt",
            "repair_call.txt",
        ]
    );
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/prompts");
    assert_eq!(Prompts::from_dir(folder).unwrap(), prompts);
    for (name, version, text) in files {
        let file = fs::read_to_string(format!("{folder}/{name}")).unwrap();
        assert_eq!(file, format!("version {version}\n{text}\n"), "{name}");
    }
}

#[tokio::test]
async fn a_folder_replaces_prompts() {
    let folder = std::env::temp_dir().join(format!("chatwire-prompts-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("json_object.txt");
    let schema = folder.join("json_schema.txt");
    fs::write(&file, "version 7\r\nNur JSON.\r\n").unwrap();
    fs::write(folder.join("notes.md"), "not a prompt").unwrap();
    let prompts = Prompts::from_dir(&folder).unwrap();
    assert_eq!(
        prompts.files().next(),
        Some(("json_object.txt", 7, "Nur JSON."))
    );
    let provider = Structured::new(Scripted::says(["{}"])).with_prompts(prompts);
    let request = ChatRequest::new("Was?").with_response_format(ResponseFormat::JsonObject);
    provider.reply(&request).await.unwrap();
    assert_eq!(
        provider.inner().question(0),
        "system: Nur JSON.\nuser: Was?"
    );

    for (text, words) in [
        (
            "Only JSON.\n",
            "does not begin with the line \"version NUMBER\"",
        ),
        ("version 1\n\n", "has no text below"),
        (
            "version 1\n${shema}",
            "the unknown place ${shema} in line 2; known: schema, name",
        ),
        (
            "version 1\na\n[if x] ${schema}",
            "the unknown case \"x\" in line 3; known: described",
        ),
        ("version 1\nOnly JSON.", "must have the place ${schema}"),
        (
            "version 1\n[if described] ${schema}",
            "must have the place ${schema}",
        ),
    ] {
        fs::write(&schema, text).unwrap();
        let error = Prompts::from_dir(&folder).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().contains("json_schema.txt"), "{error}");
    }
    fs::write(&schema, vec![b'a'; 256 * 1024 + 1]).unwrap();
    let error = Prompts::from_dir(&folder).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(error.to_string().contains("json_schema.txt"), "{error}");
    assert_eq!(source, "it has more than 256 KiB");
    fs::remove_file(&schema).unwrap();
    fs::write(folder.join("json.txt"), "version 1\nx").unwrap();
    let error = Prompts::from_dir(&folder).unwrap_err().to_string();
    assert!(
        error.contains("json.txt; known: json_object.txt"),
        "{error}"
    );
    fs::remove_dir_all(&folder).unwrap();
    let error = Prompts::from_dir(&folder).unwrap_err().to_string();
    assert!(error.contains("cannot read the prompts"), "{error}");
}
