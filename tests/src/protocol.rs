//! `protocol.yaml` as JSON Schema: every value and every answer of a server is held to it.
//!
//! Stricter than a consumer has to be: the protocol keeps unknown fields out of a producer, so that
//! a field that the schema does not name is a mistake here. Formats are asserted.

use std::fmt;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// The protocol's description.
#[derive(Clone, Debug)]
pub struct Protocol(Value);

/// A path with a method, for example `GET /v1/feed`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// In lower case.
    pub method: String,
    /// As the protocol writes it, with its parameters in braces.
    pub path: String,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.to_uppercase(), self.path)
    }
}

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

impl Protocol {
    /// The copy of the protocol beside these tests.
    #[must_use]
    pub fn of_the_project() -> Self {
        Self::new(serde_norway::from_str(include_str!("../protocol.yaml")).expect("protocol.yaml is YAML"))
    }

    /// Any OpenAPI 3.1 description.
    #[must_use]
    pub fn new(description: Value) -> Self {
        Self(description)
    }

    /// Every operation, in the order of their paths.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        let mut operations: Vec<Operation> = self.0["paths"]
            .as_object()
            .expect("paths")
            .iter()
            .flat_map(|(path, item)| {
                METHODS.iter().filter(|method| item.get(method).is_some()).map(move |method| (path, method))
            })
            .map(|(path, method)| Operation { method: (*method).to_owned(), path: path.clone() })
            .collect();
        operations.sort();
        operations
    }

    /// The status codes that an operation may answer with, in order.
    #[must_use]
    pub fn statuses(&self, operation: &Operation) -> Vec<u16> {
        let mut codes: Vec<u16> = self.responses(operation).keys().filter_map(|code| code.parse().ok()).collect();
        codes.sort_unstable();
        codes
    }

    /// The names of an operation's parameters, each with where it stands: `query from`.
    #[must_use]
    pub fn parameters(&self, operation: &Operation) -> Vec<String> {
        let item = &self.0["paths"][&operation.path];
        let mut names: Vec<String> = [&item["parameters"], &item[&operation.method]["parameters"]]
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .map(|parameter| format!("{} {}", text(&parameter["in"]), text(&parameter["name"])))
            .collect();
        names.sort();
        names
    }

    /// Holds a value to a component's schema.
    ///
    /// # Errors
    /// What is wrong with it, a line for each mistake.
    pub fn check(&self, component: &str, value: &Value) -> Result<(), String> {
        self.check_schema(&of_component(component), value)
    }

    /// The judge of a component's values, for whoever has many.
    #[must_use]
    pub fn judge(&self, component: &str) -> Validator {
        self.validator(&of_component(component))
    }

    /// Holds a response to an operation: its status, its content type, its body.
    ///
    /// # Errors
    /// What is wrong with it, a line for each mistake.
    pub fn check_response(
        &self,
        operation: &Operation,
        status: u16,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<(), String> {
        let response = self
            .responses(operation)
            .get(&status.to_string())
            .ok_or_else(|| format!("{operation}: status {status} is not in the protocol"))?;
        let Some(content) = self.resolved(response)["content"].as_object() else { return Ok(()) };
        let media = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let schema = content
            .get(media)
            .map(|content| &content["schema"])
            .ok_or_else(|| format!("{operation} {status}: content type {media:?} is not in the protocol"))?;
        if !media.ends_with("json") {
            return Ok(());
        }
        let body = serde_json::from_slice(body).map_err(|error| format!("{operation} {status}: not JSON: {error}"))?;
        self.check_schema(schema, &body).map_err(|mistakes| format!("{operation} {status}: {mistakes}"))
    }

    fn responses(&self, operation: &Operation) -> &Map<String, Value> {
        let responses = &self.0["paths"][&operation.path][&operation.method]["responses"];
        responses.as_object().unwrap_or_else(|| panic!("{operation} has no responses"))
    }

    fn resolved<'a>(&'a self, node: &'a Value) -> &'a Value {
        node.get("$ref").map_or(node, |reference| {
            let pointer = text(reference).strip_prefix('#').expect("a reference within the document");
            self.0.pointer(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere"))
        })
    }

    fn check_schema(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let mistakes: Vec<String> = self
            .validator(schema)
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes.join("\n")) }
    }

    fn validator(&self, schema: &Value) -> Validator {
        let mut root = schema.clone();
        root["components"] = self.0["components"].clone();
        for (name, component) in root["components"]["schemas"].as_object_mut().expect("components") {
            close(component, name != "Answer");
        }
        // `Answer` is a part of `RecordedAnswer`: only where it stands alone does it have no other fields.
        close(&mut root, true);
        jsonschema::draft202012::options().should_validate_formats(true).build(&root).expect("a valid schema")
    }
}

fn of_component(component: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{component}")})
}

/// Lets an object have no fields but those that its schema names.
fn close(schema: &mut Value, is_whole: bool) {
    let Some(fields) = schema.as_object_mut() else { return };
    if is_whole && ["properties", "allOf", "$ref"].iter().any(|keyword| fields.contains_key(*keyword)) {
        fields.insert("unevaluatedProperties".to_owned(), json!(false));
    }
    for (keyword, inner) in fields {
        match keyword.as_str() {
            "properties" => {
                inner.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(|one| close(one, true))
            }
            "items" => close(inner, true),
            "oneOf" | "allOf" => {
                let whole = keyword == "oneOf";
                inner.as_array_mut().into_iter().flatten().for_each(|one| close(one, whole));
            }
            _ => {}
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
