//! What holds for every value, however it is written and broken.

use chatwire_core::FinishReason;
use chatwire_structured::json::read;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn any_value() -> impl Strategy<Value = Value> {
    let text = "[a-c \"'{}\\[\\],:#/\\\\\n\u{201c}\u{2019}é]{0,8}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(|n| json!(n)),
        text.prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            object(inner),
        ]
    })
}

fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let members = prop::collection::vec(("[a-e]{1,3}", inner), 0..5);
    members.prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
}

fn parsed(text: &str) -> Option<Value> {
    let json = read(text, &FinishReason::Stop, None).ok()?;
    Some(serde_json::from_str(&json).unwrap())
}

/// Takes a character out, or puts one in.
fn mutated(text: &str, at: usize, inserted: Option<char>) -> Option<String> {
    let characters: Vec<char> = text.chars().collect();
    let at = at % characters.len();
    let mut mutated: Vec<char> = characters.clone();
    match inserted {
        Some(character) => mutated.insert(at, character),
        None => drop(mutated.remove(at)),
    }
    Some(mutated.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Mending valid JSON changes nothing, alone and between words.
    #[test]
    fn valid_json_stays_as_it_is(value in object(any_value()), pretty in any::<bool>()) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        prop_assert_eq!(read(&text, &FinishReason::Stop, None).unwrap(), &*text);
        let answer = format!("Here it is:\n```json\n{text}\n```\nAnything else?");
        prop_assert_eq!(read(&answer, &FinishReason::Stop, None).unwrap(), &*text);
    }

    /// What is mended is the value that was meant.
    #[test]
    fn python_and_trailing_commas_are_read_as_meant(value in object(any_value())) {
        prop_assert_eq!(parsed(&sloppy(&value)), Some(value));
    }

    /// One character too many or too few: the value that was meant, or none. If
    /// the text is still strict JSON, nobody can tell.
    #[test]
    fn a_slip_never_makes_another_value(
        value in object(any_value()),
        pretty in any::<bool>(),
        at in any::<prop::sample::Index>(),
        inserted in prop::option::of(prop::sample::select(
            "{}[]\",:'#/\\ -\u{201c}\u{ff0c}atx0".chars().collect::<Vec<_>>()
        )),
    ) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let text = mutated(&text, at.index(text.chars().count()), inserted).unwrap();
        if serde_json::from_str::<Value>(&text).is_err()
            && let Some(read) = parsed(&text)
        {
            prop_assert_eq!(&read, &value, "{}", text);
        }
    }

    /// Anything at all ends in a value or in clean words.
    #[test]
    fn no_text_panics(text in "[{}\\[\\]\",:'`#/*\\\\ \na-c0-9\u{201c}\u{201d}\u{1b}\u{202e}é]{0,64}") {
        if let Err(invalid) = read(&text, &FinishReason::Stop, None) {
            let words = invalid.to_string();
            prop_assert!(!words.contains(char::is_control) && words.len() < 4096, "{words}");
        }
    }
}

/// Writes a value as a careless program would, with nothing lost.
fn sloppy(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => {
            let text = text.replace('\\', "\\\\").replace('\'', "\\'");
            format!("'{text}'")
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| sloppy(item) + ",").collect();
            format!("[{}] /* a list */", items.join(" "))
        }
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| format!("{name}: {},\n", sloppy(value));
            let members: String = members.iter().map(member).collect();
            format!("{{ // an object\n{members}}}")
        }
    }
}
