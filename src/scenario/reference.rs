//! The reference of the format as Markdown, from the schema alone, so that it cannot say what the program does not.

use minijinja::{Environment, context};
use serde::Serialize;
use serde_json::{Map, Value};

/// One mapping or choice of the format.
#[derive(Serialize)]
struct Section {
    title: String,
    anchor: String,
    text: String,
    keys: Vec<Key>,
    /// What may stand instead of a mapping.
    choices: Vec<Choice>,
}

#[derive(Serialize)]
struct Key {
    name: String,
    kind: String,
    /// `required`, or what holds where the key is left out.
    default: String,
    text: String,
}

#[derive(Serialize)]
struct Choice {
    kind: String,
    text: String,
}

/// The reference of what `schema`, as [`super::json_schema`] gives it, describes.
pub fn markdown(schema: &Value) -> Result<String, minijinja::Error> {
    let none = Map::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    let mut sections = vec![section("Scenario", schema)];
    // In the order in which a reader meets them.
    let mut names = Vec::new();
    mentioned(schema.get("properties").unwrap_or(&Value::Null), &mut names);
    let mut at = 0;
    while let Some(name) = names.get(at).cloned() {
        if let Some(definition) = definitions.get(&name) {
            sections.push(section(&name, definition));
            mentioned(definition, &mut names);
        }
        at += 1;
    }
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.add_template("reference", include_str!("reference.md.j2"))?;
    environment.get_template("reference")?.render(context! { sections })
}

fn section(name: &str, schema: &Value) -> Section {
    let title = name.strip_prefix("Raw").unwrap_or(name).to_string();
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let keys = properties.map(|(name, key)| Key {
        name: name.clone(),
        kind: kind(key),
        default: match key.get("default") {
            _ if required.contains(&name.as_str()) => "required".into(),
            None | Some(Value::Null) => "–".into(),
            Some(Value::Object(_)) => "as its keys say".into(),
            Some(value) => format!("`{value}`"),
        },
        text: text(key),
    });
    let choices = ["oneOf", "anyOf"].iter().filter_map(|of| schema.get(of)?.as_array()).flatten();
    Section {
        anchor: title.to_lowercase(),
        title,
        text: text(schema),
        keys: keys.collect(),
        // A choice between keys, rather than kinds of value, is told by the text.
        choices: choices
            .map(|choice| Choice { kind: kind(choice), text: text(choice) })
            .filter(|choice| !choice.kind.is_empty())
            .collect(),
    }
}

/// The description in one line, safe inside a table.
fn text(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// What a value may be, in words.
fn kind(schema: &Value) -> String {
    if let Some(name) = reference(schema) {
        let title = name.strip_prefix("Raw").unwrap_or(name);
        return format!("[{title}](#{})", title.to_lowercase());
    }
    if let Some(value) = schema.get("const") {
        return format!("`{}`", plain(value));
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values
            .iter()
            .filter(|v| !v.is_null())
            .map(|v| format!("`{}`", plain(v)))
            .collect::<Vec<_>>()
            .join(", ");
    }
    let several = ["oneOf", "anyOf", "allOf"].iter().find_map(|of| schema.get(of)?.as_array());
    if let Some(several) = several {
        let kinds = several.iter().filter(|s| s.get("type") != Some(&"null".into())).map(kind);
        return kinds.collect::<Vec<_>>().join(" or ");
    }
    let types = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).filter(|t| *t != "null").collect(),
        Some(Value::String(kind)) => vec![kind.as_str()],
        _ => vec![],
    };
    let word = |kind: &&str| match *kind {
        "array" => schema.get("items").map_or("list".into(), |items| format!("list of {}", kind_of_item(items))),
        "object" => match schema.get("properties").and_then(Value::as_object) {
            Some(keys) => {
                format!("mapping with {}", keys.keys().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", "))
            }
            None => "mapping".into(),
        },
        "integer" => "whole number".into(),
        "boolean" => "`true` or `false`".into(),
        other => other.to_string(),
    };
    types.iter().map(word).collect::<Vec<_>>().join(" or ")
}

fn kind_of_item(items: &Value) -> String {
    let kind = kind(items);
    if kind.contains(" or ") { format!("({kind})") } else { kind }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

/// Adds the definitions that are named in `schema` and not in `names` yet.
fn mentioned(schema: &Value, names: &mut Vec<String>) {
    if let Some(name) = reference(schema)
        && !names.iter().any(|known| known == name)
    {
        names.push(name.to_string());
    }
    match schema {
        Value::Object(map) => map.values().for_each(|value| mentioned(value, names)),
        Value::Array(list) => list.iter().for_each(|value| mentioned(value, names)),
        _ => {}
    }
}
