use serde_json::{Map, Value};

/// How deep a schema is searched; what lies deeper stays as it is.
const MAX_DEPTH: usize = 64;

/// Returns a schema as short JSON: without what says nothing to a model, such as
/// `$schema` and the titles that programs make of names.
pub(crate) fn compact(schema: &Value) -> String {
    compacted(schema, 0).to_string()
}

fn compacted(schema: &Value, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return schema.clone();
    }
    let below = |schema: &Value| compacted(schema, depth + 1);
    match schema {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, value)| {
                !(matches!(name.as_str(), "$schema" | "$id" | "$comment" | "title")
                    && value.is_string())
            });
            let short = kept.map(|(name, value)| {
                let value = match (name.as_str(), value) {
                    // Names are the caller's here, and values are no schemas there.
                    (
                        "properties" | "patternProperties" | "$defs" | "definitions"
                        | "dependentSchemas",
                        Value::Object(schemas),
                    ) => Value::Object(
                        schemas
                            .iter()
                            .map(|(name, schema)| (name.clone(), below(schema)))
                            .collect::<Map<_, _>>(),
                    ),
                    ("enum" | "const" | "default" | "examples" | "required", value) => {
                        value.clone()
                    }
                    (_, value) => below(value),
                };
                (name.clone(), value)
            });
            Value::Object(short.collect())
        }
        Value::Array(schemas) => Value::Array(schemas.iter().map(below).collect()),
        other => other.clone(),
    }
}
