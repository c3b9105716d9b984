//! The format as a JSON schema, for editors.

use serde_json::{Value, json};

use super::Known;
use super::raw::RawScenario;

/// The JSON schema of a scenario file, with the names in `known` as the only ones.
pub fn json_schema(known: Known<'_>) -> Value {
    let mut schema = schemars::schema_for!(RawScenario).to_value();
    // Derived from types, the schema cannot know which names exist.
    if let Some(items) = schema.pointer_mut("/properties/boards/items") {
        *items = json!({ "enum": known.boards });
    }
    if let Some(board) = schema.pointer_mut("/$defs/RawPrebuilt/properties/board") {
        *board = json!({ "enum": known.boards });
    }
    // Images bring board and engine with them.
    schema["anyOf"] = json!([{ "required": ["candidates", "boards", "engines"] }, { "required": ["prebuilt"] }]);
    if let Some(network) = schema.pointer_mut("/$defs/RawCandidate/properties/network") {
        let description = network["description"].take();
        *network = json!({ "description": description, "enum": known.networks });
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_keys_and_names() {
        let schema = json_schema(Known { networks: &["mobilenetv1"], boards: &["nucleo-l4r5zi"] });
        assert_eq!(schema["properties"]["boards"]["items"]["enum"], json!(["nucleo-l4r5zi"]));
        let candidate = &schema["$defs"]["RawCandidate"];
        assert_eq!(candidate["properties"]["network"]["enum"], json!(["mobilenetv1"]));
        assert_eq!(candidate["additionalProperties"], json!(false));
        assert!(schema["anyOf"][0]["required"].as_array().is_some_and(|keys| keys.contains(&json!("boards"))));
        assert_eq!(schema["$defs"]["RawPrebuilt"]["properties"]["board"]["enum"], json!(["nucleo-l4r5zi"]));
        let own = &schema["$defs"]["RawLibrary"];
        assert_eq!(own["required"], json!(["lib", "include"]));
    }
}
