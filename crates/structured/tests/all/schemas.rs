//! Schemas of clients, good and hostile.

use chatwire_structured::json::Schema;
use serde_json::{Map, Value, json};

/// `d0` refers twice to `d1`, which refers twice to `d2`, and so on.
fn doubled(times: usize) -> Value {
    let reference = |i: usize| json!({ "$ref": format!("#/$defs/d{}", i + 1) });
    let mut defs: Map<String, Value> = (0..times)
        .map(|i| {
            (
                format!("d{i}"),
                json!({ "anyOf": [reference(i), reference(i)] }),
            )
        })
        .collect();
    defs.insert(format!("d{times}"), json!({ "type": "string" }));
    json!({ "$defs": defs, "$ref": "#/$defs/d0" })
}

/// A chain of references, one behind the other.
fn chain(length: usize) -> Value {
    let mut defs: Map<String, Value> = (0..length)
        .map(|i| {
            (
                format!("d{i}"),
                json!({ "$ref": format!("#/$defs/d{}", i + 1) }),
            )
        })
        .collect();
    defs.insert(format!("d{length}"), json!({ "type": "object" }));
    json!({ "$defs": defs, "$ref": "#/$defs/d0" })
}

fn nested(schema: &str, times: usize) -> Value {
    (0..times).fold(json!({}), |inner, _| json!({ schema: inner }))
}

#[test]
fn what_refers_elsewhere_or_is_too_large_is_refused() {
    for (schema, words) in [
        (
            json!({ "$ref": "https://example.org/schema" }),
            "only refer to the schema itself",
        ),
        (
            json!({ "$ref": "file:///etc/hostname" }),
            "only refer to the schema itself",
        ),
        (
            json!({ "properties": { "a": { "$ref": "other.json#/a" } } }),
            "only refer to",
        ),
        (json!({ "$ref": "#/$defs/none" }), "none"),
        (
            json!({ "$dynamicRef": "#node" }),
            "`$dynamicRef` is not supported",
        ),
        (json!({ "properties": { "a": { "$id": "b" } } }), "`$id`"),
        (nested("not", 100), "nested deeper than 64"),
        (json!({ "enum": vec![0; 30_000] }), "too large"),
        (json!({ "description": "x".repeat(1 << 20) }), "too large"),
        (chain(1_001), "more than 1000 references"),
        (json!({ "pattern": "((a{1000}){1000}){1000}" }), "regex"),
        (json!({ "type": "text" }), "text"),
        (json!(["object"]), ""),
    ] {
        let error = Schema::compile(&schema).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(
            error.len() < 1500 && !error.contains(char::is_control),
            "{error}"
        );
    }
}

#[test]
fn schemas_that_ask_for_too_many_steps_end_with_a_violation() {
    let tree = json!({
        "properties": { "c": { "anyOf": [{ "$ref": "#" }, { "$ref": "#" }] } },
        "required": ["x"],
    });
    for (schema, value) in [
        (doubled(100), json!(1)),
        (tree, nested("c", 100)),
        (chain(999), json!({})),
    ] {
        let violations = Schema::compile(&schema).unwrap().check(&value).unwrap_err();
        assert!(
            violations[0].message().contains("too many steps"),
            "{violations:?}"
        );
    }
}

#[test]
fn schemas_may_refer_to_themselves() {
    let list = json!({
        "$defs": { "node": {
            "type": "object",
            "properties": { "next": { "anyOf": [{ "$ref": "#/$defs/node" }, { "type": "null" }] } },
            "required": ["next"],
            "additionalProperties": false,
        } },
        "$ref": "#/$defs/node",
    });
    let list = Schema::compile(&list).unwrap();
    list.check(&json!({ "next": { "next": null } })).unwrap();
    assert!(list.check(&json!({ "next": { "next": 1 } })).is_err());
    // As deep as values and references may go together, on the small stack of a test.
    let deep = json!({ "properties": { "c": { "allOf": [{ "$ref": "#" }] } } });
    let deep = Schema::compile(&deep).unwrap();
    deep.check(&nested("c", 90)).unwrap();
    for schema in [
        json!({ "$ref": "#" }),
        json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#" }] }),
        json!({ "$defs": { "a%b": { "type": "object" } }, "$ref": "#/$defs/a%25b" }),
        doubled(5),
    ] {
        let _ = Schema::compile(&schema).unwrap().check(&json!({}));
    }
}

#[test]
fn violations_are_few_short_and_clean() {
    let schema = json!({
        "type": "object",
        "properties": { "name": { "type": "string" }, "age": {}, "tags": { "items": { "type": "string" } } },
        "required": ["name", "age"],
        "additionalProperties": false,
    });
    let schema = Schema::compile(&schema).unwrap();
    let check = |value: Value| -> Vec<String> {
        let violations = schema.check(&value).unwrap_err();
        violations.iter().map(ToString::to_string).collect()
    };
    let missing = check(json!({ "name": "Ada" }));
    assert_eq!(missing, [r#""age" is a required property"#]);
    assert_eq!(
        check(json!({ "name": 7, "age": 1 })),
        [r#"at /name: 7 is not of type "string""#]
    );
    let more = check(json!({ "name": "Ada", "age": 1, "a\u{1b}[31m\u{202e}b\n": 1 }));
    assert!(
        !more[0].contains(|c: char| c.is_control() || c == '\u{202e}'),
        "{more:?}"
    );
    let many = check(json!({ "name": "Ada", "age": 1, "tags": vec![1; 10_000] }));
    assert!(many.len() <= 8, "{}", many.len());
    let long = check(json!({ "name": vec!["x".repeat(10_000)], "age": 1, "b".repeat(10_000): 1 }));
    assert!(
        long.iter().all(|words| words.chars().count() < 700),
        "{long:?}"
    );
}
