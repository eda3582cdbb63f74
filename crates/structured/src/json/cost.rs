//! What a schema may cost. A few kilobytes of schema can ask for more steps than
//! there is time, by parts that refer to others twice, or to themselves. So the
//! steps are counted first, as if no part of the schema ended the check early.

use serde_json::Value;

const MAX_NODES: usize = 20_000;
const MAX_BYTES: usize = 512 * 1024;
const MAX_DEPTH: usize = 64;
/// References behind references, and values in values.
const MAX_NESTING: usize = 300;
/// References take the most stack of all, already when a schema is compiled.
const MAX_REFERENCES: usize = 1_000;
/// Steps that any value may take, and those for each value in it.
const STEPS: usize = 100_000;
const STEPS_EACH: usize = 64;

/// Refuses schemas that are too large, or refer to anything outside of themselves.
pub(super) fn check_schema(schema: &Value) -> Result<(), String> {
    let mut size = Size::default();
    size.add(schema, 0)?;
    if size.nodes > MAX_NODES || size.bytes > MAX_BYTES {
        return Err("the schema is too large".into());
    }
    if size.references > MAX_REFERENCES {
        return Err(format!(
            "the schema has more than {MAX_REFERENCES} references"
        ));
    }
    Ok(())
}

#[derive(Default)]
struct Size {
    nodes: usize,
    bytes: usize,
    references: usize,
}

impl Size {
    fn add(&mut self, schema: &Value, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!(
                "the schema is nested deeper than {MAX_DEPTH} levels"
            ));
        }
        self.nodes += 1;
        match schema {
            Value::String(text) => self.bytes += text.len(),
            Value::Array(items) => {
                for item in items {
                    self.add(item, depth + 1)?;
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    self.bytes += name.len();
                    if let Value::String(target) = member {
                        self.references += usize::from(name == "$ref");
                        check_reference(name, target, depth)?;
                    }
                    self.add(member, depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn check_reference(name: &str, target: &str, depth: usize) -> Result<(), String> {
    match name {
        "$ref" if target == "#" || target.starts_with("#/") => Ok(()),
        "$ref" => Err("a `$ref` can only refer to the schema itself, as in `#/$defs/name`".into()),
        "$dynamicRef" | "$recursiveRef" => Err(format!("`{name}` is not supported: use `$ref`")),
        "$id" if depth > 0 => Err("an `$id` inside of a schema is not supported".into()),
        _ => Ok(()),
    }
}

/// Whether a schema takes no more steps for a value than its size explains.
pub(super) fn is_affordable(schema: &Value, value: &Value) -> bool {
    let steps = STEPS.saturating_add(values_in(value).saturating_mul(STEPS_EACH));
    let mut count = Count {
        root: schema,
        steps,
        inside: Vec::new(),
    };
    count.visit(schema, value).is_some()
}

fn values_in(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(values_in).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(values_in).sum::<usize>(),
        _ => 1,
    }
}

struct Count<'a> {
    root: &'a Value,
    steps: usize,
    /// The pairs of schema and value that are being visited.
    inside: Vec<(&'a Value, &'a Value)>,
}

impl<'a> Count<'a> {
    /// Counts the steps; `None` if there are too many.
    fn visit(&mut self, schema: &'a Value, value: &'a Value) -> Option<()> {
        let Value::Object(keywords) = schema else {
            return Some(());
        };
        if self.inside.len() > MAX_NESTING {
            return None;
        }
        // A reference that leads back to where it is checked ends there.
        let same = |(s, v): &&(&Value, &Value)| std::ptr::eq(*v, value) && std::ptr::eq(*s, schema);
        let in_place = self.inside.iter().rev();
        if in_place
            .take_while(|(_, v)| std::ptr::eq(*v, value))
            .any(|pair| same(&pair))
        {
            return Some(());
        }
        self.inside.push((schema, value));
        // What is not evaluated is found by evaluating the rest once more.
        let twice = keywords.keys().any(|name| name.starts_with("unevaluated"));
        for _ in 0..=usize::from(twice) {
            for (name, keyword) in keywords {
                self.keyword(name, keyword, value)?;
            }
        }
        self.inside.pop();
        Some(())
    }

    fn spend(&mut self, steps: usize) -> Option<()> {
        self.steps = self.steps.checked_sub(steps)?;
        Some(())
    }

    fn keyword(&mut self, name: &str, keyword: &'a Value, value: &'a Value) -> Option<()> {
        self.spend(1)?;
        match (name, keyword) {
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => schemas
                .iter()
                .try_for_each(|schema| self.visit(schema, value)),
            ("not" | "if" | "then" | "else", schema) => self.visit(schema, value),
            ("dependentSchemas" | "dependencies", Value::Object(schemas)) => schemas
                .values()
                .try_for_each(|schema| self.visit(schema, value)),
            ("$ref", Value::String(target)) => {
                let pointer = target.strip_prefix('#').unwrap_or_default();
                match self.target(pointer) {
                    Some(schema) => self.visit(schema, value),
                    None => Some(()),
                }
            }
            ("properties", Value::Object(schemas)) => {
                let Value::Object(members) = value else {
                    return Some(());
                };
                schemas
                    .iter()
                    .try_for_each(|(name, schema)| match members.get(name) {
                        Some(member) => self.visit(schema, member),
                        None => self.spend(1),
                    })
            }
            ("patternProperties", Value::Object(schemas)) => schemas
                .values()
                .try_for_each(|schema| self.children(schema, value)),
            ("items" | "prefixItems", Value::Array(schemas)) => schemas
                .iter()
                .try_for_each(|schema| self.children(schema, value)),
            (
                "items"
                | "additionalItems"
                | "contains"
                | "unevaluatedItems"
                | "additionalProperties"
                | "unevaluatedProperties"
                | "propertyNames",
                schema,
            ) => self.children(schema, value),
            ("enum" | "required", Value::Array(items)) => self.spend(items.len() / 8),
            _ => Some(()),
        }
    }

    fn children(&mut self, schema: &'a Value, value: &'a Value) -> Option<()> {
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.visit(schema, item)),
            Value::Object(members) => members
                .values()
                .try_for_each(|member| self.visit(schema, member)),
            _ => Some(()),
        }
    }

    fn target(&self, pointer: &str) -> Option<&'a Value> {
        // Names in fragments may be written with escapes of addresses.
        match pointer.contains('%') {
            false => self.root.pointer(pointer),
            true => self.root.pointer(&decoded(pointer)),
        }
    }
}

/// Replaces `%20` and the like.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
