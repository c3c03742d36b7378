//! Every path with every role, against the table of roles and actions.

use prikrep_domain::{Action, Role};
use prikrep_server::{Order, Secret};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Served, problem};
use crate::common::{OURS, PASSWORD, add, answer_id, at, id};

/// A described operation: its method, its path, the action that it says to ask for.
struct Operation {
    method: Method,
    path: String,
    action: Option<Action>,
    open: bool,
}

async fn operations(served: &Served) -> Vec<Operation> {
    let document: Value = served.anonymous(Method::GET, "/openapi.json").send().await.unwrap().json().await.unwrap();
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |it| (path, it)));
    all.map(|(path, (method, operation))| Operation {
        method: method.to_uppercase().parse().unwrap(),
        path: path.clone(),
        action: operation.get("x-action").map(|action| serde_json::from_value(action.clone()).unwrap()),
        open: operation["security"] == json!([{}]),
    })
    .collect()
}

/// An address and a body that a path can be asked with.
fn asked(operation: &Operation) -> (String, Option<Value>) {
    let plain = |path: &str| (path.to_owned(), None);
    let answer = json!({
        "decision": "refuse", "comment": "нет", "refusal_reason": "Не та территория",
        "answered_at": at(0), "answered_by": "x",
    });
    match (operation.method.as_str(), operation.path.as_str()) {
        ("DELETE", path @ ("/v1/sessions" | "/v1/sessions/current")) => plain(path),
        ("GET", "/v1/applications") => plain("/v1/applications?from=2026-01-01&to=2026-12-31"),
        ("GET", "/v1/applications/{id}") => (format!("/v1/applications/{}", id(1)), None),
        ("PUT", "/v1/applications/{id}/answers/{answer_id}") => {
            (format!("/v1/applications/{}/answers/{}", id(1), answer_id(1)), Some(answer))
        }
        // Wrong, so that nothing is changed: only what the role may do is asked here.
        ("PUT", path @ "/v1/sessions/current/password") => {
            (path.to_owned(), Some(json!({"current": "неверный", "new": "неверный"})))
        }
        ("GET", path) => plain(path),
        (method, path) => panic!("{method} {path}: say here how it is asked"),
    }
}

async fn ask(served: &Served, operation: &Operation, token: Option<&str>) -> reqwest::Response {
    let (path, body) = asked(operation);
    let mut request = served.anonymous(operation.method.clone(), &path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn every_path_says_whom_it_is_for_and_lets_nobody_else_in() {
    let served = Served::new().await;
    let operations = operations(&served).await;
    for operation in &operations {
        assert_eq!(operation.open, operation.action.is_none(), "{} {}", operation.method, operation.path);
    }
    for role in Role::ALL {
        let login = serde_json::to_value(role).unwrap().as_str().unwrap().to_owned();
        add(served.running.register(), &login, role, Some(OURS));
        for operation in &operations {
            let Some(action) = operation.action else { continue };
            // Some of them end the session.
            let token = served.token_of(&login).await;
            let response = ask(&served, operation, Some(&token)).await;
            let what = format!("{} {} for {login}: {}", operation.method, operation.path, response.status());
            if role.may(action) {
                let status = response.status();
                assert!(!status.is_server_error() && !matches!(status.as_u16(), 401 | 403 | 404), "{what}");
            } else {
                assert_eq!(problem(response).await, (403, "not-allowed".to_owned()), "{what}");
            }
        }
    }
    served.running.stop().await;
}

#[tokio::test]
async fn without_a_session_only_what_is_for_everybody_is_answered() {
    let served = Served::new().await;
    for operation in operations(&served).await {
        if operation.method == Method::POST && operation.path == "/v1/sessions" {
            continue;
        }
        for token in [None, Some("strange")] {
            let response = ask(&served, &operation, token).await;
            match operation.action {
                None => assert!(response.status().is_success(), "{} {}", operation.method, operation.path),
                Some(_) => assert_eq!(problem(response).await, (401, "session-expired".to_owned())),
            }
        }
    }
    served.running.stop().await;
}

#[tokio::test]
async fn before_a_given_password_is_changed_nothing_else_is_allowed() {
    let mut served = Served::new().await;
    let order = Order::SetPassword {
        login: "ivanova".parse().unwrap(),
        password: Secret::new("выдан на один день".into()),
        change: None,
    };
    served.running.register().carry_out(order, None, at(0)).unwrap();
    let session: Value = served.sign_in("ivanova", "выдан на один день").await.json().await.unwrap();
    assert_eq!(session["password_change_required"], true);
    served.token = session["token"].as_str().unwrap().to_owned();
    for operation in operations(&served).await {
        let Some(action) = operation.action.filter(|action| *action != Action::OwnSession) else { continue };
        let response = ask(&served, &operation, Some(&served.token)).await;
        assert_eq!(response.status(), 403, "{action:?}");
        let document: Value = response.json().await.unwrap();
        assert_eq!(document["type"], "urn:prikrep:problem:not-allowed");
        assert!(document["detail"].as_str().unwrap().contains("смените его"), "{document}");
    }
    let current: Value = served.get("/v1/sessions/current").await.json().await.unwrap();
    assert_eq!(current["password_change_required"], true);

    let other: Value = served.sign_in("ivanova", "выдан на один день").await.json().await.unwrap();
    let put = |current: &str, new: &str| {
        let body = json!({"current": current, "new": new});
        served.request(Method::PUT, "/v1/sessions/current/password").json(&body).send()
    };
    for (current, new, field) in [
        ("неверный", "мой собственный пароль", "current"),
        ("выдан на один день", "короткий", "new"),
        ("выдан на один день", "пароль123456", "new"),
        ("выдан на один день", "выдан на один день", "new"),
        ("выдан на один день", PASSWORD, "new"),
    ] {
        let refused = put(current, new).await.unwrap();
        assert_eq!(refused.status(), 400, "{new}");
        let document: Value = refused.json().await.unwrap();
        assert_eq!(document["errors"][0]["field"], field, "{document}");
        assert!(document["errors"][0]["message"].as_str().is_some_and(|words| !words.contains(new)));
    }
    assert_eq!(put("выдан на один день", "мой собственный пароль").await.unwrap().status(), 204);
    assert_eq!(served.get("/v1/feed").await.status(), 200, "the session goes on");
    let current: Value = served.get("/v1/sessions/current").await.json().await.unwrap();
    assert_eq!(current.get("password_change_required"), None);
    let dead = served.anonymous(Method::GET, "/v1/sessions/current").bearer_auth(other["token"].as_str().unwrap());
    assert_eq!(problem(dead.send().await.unwrap()).await, (401, "session-expired".to_owned()));
    assert_eq!(served.sign_in("ivanova", "выдан на один день").await.status(), 401);
    assert_eq!(served.sign_in("ivanova", "мой собственный пароль").await.status(), 201);
    served.running.stop().await;
}

#[tokio::test]
async fn what_no_path_asks_for_yet_is_known() {
    let served = Served::new().await;
    let asked: Vec<Action> = operations(&served).await.iter().filter_map(|operation| operation.action).collect();
    let never: Vec<Action> = Action::ALL.into_iter().filter(|action| !asked.contains(action)).collect();
    // The administrator's commands do these: whoever may run them is the owner of the data folder.
    assert_eq!(never, [Action::ReadJournal, Action::ManageAccounts, Action::ManageSettings]);
    served.running.stop().await;
}
