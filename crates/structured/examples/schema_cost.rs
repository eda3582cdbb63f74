//! What an answer with a schema of 50 fields costs: compiling the schema, and
//! reading the answer, beside only parsing it.
//!
//! ```sh
//! cargo run --release -p chatwire-structured --example schema_cost
//! ```

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use chatwire_core::FinishReason;
use chatwire_structured::json::{Schema, read};
use serde_json::{Map, Value, json};

/// A field: its schema, and a value of it.
fn field(number: usize) -> (Value, Value) {
    match number % 5 {
        0 => (
            json!({ "type": "string" }),
            json!("a text of some words, as fields have"),
        ),
        1 => (json!({ "type": "integer", "minimum": 0 }), json!(number)),
        2 => (
            json!({ "type": "string", "enum": ["low", "middle", "high"] }),
            json!("middle"),
        ),
        3 => (
            json!({ "type": "array", "items": { "type": "string" } }),
            json!(["one", "two", "three"]),
        ),
        _ => (
            json!({
                "type": "object",
                "properties": { "x": { "type": "number" }, "y": { "type": ["number", "null"] } },
                "required": ["x", "y"],
                "additionalProperties": false,
            }),
            json!({ "x": 1.5, "y": null }),
        ),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut schemas, mut values) = (Map::new(), Map::new());
    for number in 0..50 {
        let (schema, value) = field(number);
        schemas.insert(format!("field_{number}"), schema);
        values.insert(format!("field_{number}"), value);
    }
    let names: Vec<&String> = schemas.keys().collect();
    let schema = json!({
        "type": "object",
        "properties": schemas,
        "required": names,
        "additionalProperties": false,
    });
    let strict = format!("{:#}", Value::Object(values));
    let fenced = format!("Here it is:\n```json\n{strict}\n```\nAnything else?");
    let sloppy = fenced.replace("null", "None").replace("\n  }", ",\n  }");
    let stop = FinishReason::Stop;
    let compiled = Schema::compile(&schema)?;

    println!("answer: {} bytes", strict.len());
    report("only parse it", || {
        let _ = black_box(serde_json::from_str::<Value>(&strict));
    });
    report("compile the schema", || {
        let _ = black_box(Schema::compile(&schema));
    });
    for (name, answer) in [
        ("strict", &strict),
        ("fenced", &fenced),
        ("mended", &sloppy),
    ] {
        read(answer, &stop, Some(&compiled))?;
        report(&format!("read and validate, {name}"), || {
            let _ = black_box(read(answer, &stop, Some(&compiled)));
        });
    }
    Ok(())
}

/// Prints the least of five means.
fn report(name: &str, run: impl Fn()) {
    const TIMES: u32 = 500;
    let mean = || {
        let start = Instant::now();
        (0..TIMES).for_each(|_| run());
        start.elapsed() / TIMES
    };
    let least = (0..5).map(|_| mean()).min().unwrap_or_default();
    println!("{name}: {:.1} µs", least.as_secs_f64() * 1e6);
}
