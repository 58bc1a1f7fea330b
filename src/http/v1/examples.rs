//! An example of every operation in the OpenAPI document: what is asked, and what comes back.
//!
//! They are in `examples.json`, by operation. A test asks a server each of them, and compares what it says:
//! `tests/it/http/v1/examples.rs`.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, ParameterBuilder};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    /// Values of the path and of the query, such as `"user": "alice"`.
    #[serde(default)]
    parameters: HashMap<String, Value>,
    /// The body of the request, where there is one.
    request: Option<Value>,
    status: String,
    /// Its body, where there is one.
    answer: Option<Value>,
}

static EXAMPLES: LazyLock<HashMap<String, Example>> = LazyLock::new(|| {
    let parsed = serde_json::from_str(include_str!("examples.json"));
    parsed.unwrap_or_else(|error| {
        log::error!("the examples of the OpenAPI document cannot be read: {error}");
        HashMap::new()
    })
});

/// Puts the example of an operation, if there is one, into its place in the document.
pub fn show(operation: &mut Operation) {
    let Some(id) = &operation.operation_id else { return };
    let Some(example) = EXAMPLES.get(id) else { return };
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && let Some(value) = example.parameters.get(&parameter.name)
        {
            let shown = ParameterBuilder::from(parameter.clone()).example(Some(value.clone()));
            *parameter = shown.build();
        }
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for content in body.content.values_mut() {
            if let RefOr::T(content) = content {
                content.example.clone_from(&example.request);
            }
        }
    }
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(&example.status) {
        for content in response.content.values_mut() {
            if let RefOr::T(content) = content {
                content.example.clone_from(&example.answer);
            }
        }
    }
}
