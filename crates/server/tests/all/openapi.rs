//! The description against the protocol, and real responses against the description.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Served;
use crate::common::{answer_id, at, id};

/// What the protocol says: method, path, statuses that it names.
const PROTOCOL: [(&str, &str, &[&str]); 11] = [
    ("post", "/v1/sessions", &["201", "401", "429"]),
    ("get", "/v1/sessions/current", &["200", "401"]),
    ("delete", "/v1/sessions/current", &["204"]),
    ("get", "/v1/feed", &["200", "400", "401", "410", "429", "503"]),
    ("get", "/v1/applications", &["200", "400"]),
    ("get", "/v1/applications/{id}", &["200", "404"]),
    ("put", "/v1/applications/{id}/answers/{answer_id}", &["200", "201", "403", "404", "409", "422", "429", "503"]),
    ("get", "/v1/directory", &["200", "304"]),
    ("get", "/healthz", &["200"]),
    ("get", "/readyz", &["200", "503"]),
    ("get", "/metrics", &["200"]),
];

/// What this server adds to it.
const BEYOND: [(&str, &str); 3] =
    [("get", "/openapi.json"), ("delete", "/v1/sessions"), ("put", "/v1/sessions/current/password")];

async fn document(served: &Served) -> Value {
    let response = served.anonymous(Method::GET, "/openapi.json").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    response.json().await.unwrap()
}

#[tokio::test]
async fn every_path_and_status_of_the_protocol_is_described() {
    let served = Served::new().await;
    let document = document(&served).await;
    assert_eq!(document["openapi"], "3.1.0");
    for (method, path, statuses) in PROTOCOL {
        let responses = &document["paths"][path][method]["responses"];
        for status in statuses {
            assert!(responses.get(status).is_some(), "{method} {path} {status}");
        }
        for (status, response) in responses.as_object().unwrap() {
            if status.starts_with(['4', '5']) && path != "/readyz" {
                let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{method} {path} {status}");
            }
        }
    }
    for (method, path) in BEYOND {
        assert!(document["paths"][path].get(method).is_some(), "{method} {path}");
    }
    let described: usize =
        document["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len()).sum();
    assert_eq!(described, PROTOCOL.len() + BEYOND.len());
    assert_eq!(document["paths"]["/healthz"]["get"]["security"], json!([{}]));
    served.running.stop().await;
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let served = Served::new().await;
    let document = document(&served).await;
    let text = document.to_string();
    let names = text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap());
    let names: BTreeSet<&str> = names.collect();
    assert!(names.len() > 20);
    for name in names {
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
    served.running.stop().await;
}

#[tokio::test]
async fn parameters_are_described_as_the_protocol_has_them() {
    let served = Served::new().await;
    let document = document(&served).await;
    let names = |path: &str| -> BTreeSet<String> {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
        let required = |parameter: &Value| if parameter["required"] == true { "!" } else { "" };
        parameters.iter().map(|it| format!("{}{}", it["name"].as_str().unwrap(), required(it))).collect()
    };
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(names("/v1/feed"), set(&["after", "limit", "wait"]));
    let search = ["from!", "to!", "patient", "snils", "type", "kind", "status", "name", "sort", "limit", "offset"];
    assert_eq!(names("/v1/applications"), set(&search));
    assert_eq!(names("/v1/applications/{id}"), set(&["id!"]));
    let sorts = document["components"]["schemas"]["SearchSort"]["enum"].as_array().unwrap();
    assert!(sorts.contains(&json!("-created_at")) && sorts.len() == 12, "{sorts:?}");
    let statuses = document["components"]["schemas"]["SearchStatus"]["enum"].as_array().unwrap();
    assert!(statuses.contains(&json!("pending")) && statuses.contains(&json!("cancel_failed")), "{statuses:?}");
    served.running.stop().await;
}

#[tokio::test]
async fn real_responses_fit_their_description() {
    let served = Served::new().await;
    let document = document(&served).await;
    let fits = |schema: &str, value: &Value| {
        let schema = json!({"$ref": format!("#/components/schemas/{schema}"), "components": document["components"]});
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?} in {value}");
        assert!(!validator.is_valid(&json!({"nothing": "of this"})), "the schema says something");
    };
    let answer = json!({
        "decision": "provide", "comment": "ждём", "answered_at": at(0), "answered_by": "x",
        "district": "7", "doctor": {"full_name": "Врач В. В.", "position": "терапевт"},
    });
    fits("Answer", &answer);
    let path = format!("/v1/applications/{}/answers/{}", id(1), answer_id(1));
    let put = served.request(Method::PUT, &path).json(&answer).send().await.unwrap();
    assert_eq!(put.status(), 201);
    fits("Application", &put.json().await.unwrap());
    let json = async |path: &str| served.get(path).await.json::<Value>().await.unwrap();
    fits("FeedPage", &json("/v1/feed").await);
    fits("Found", &json("/v1/applications?from=2026-01-01&to=2026-12-31").await);
    fits("Session", &json("/v1/sessions/current").await);
    fits("Directory", &json("/v1/directory").await);
    fits("Condition", &json("/readyz").await);
    fits("Problem", &json("/v1/applications?from=1").await);
    served.running.stop().await;
}
