//! Commands to a running register: who is believed, and who is not.

use std::sync::Arc;

use parking_lot::Mutex;
use prikrep_server::{Caller, Order, Outcome, Server, StartError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Fixture, at, config, noon};

#[tokio::test]
async fn orders_reach_the_running_register_and_nothing_is_left_when_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder);
    assert!(Caller::find(&config.data_dir).await.unwrap().is_none());
    let running = Server::start_with(config.clone(), noon()).await.unwrap();
    let caller = Caller::find(&config.data_dir).await.unwrap().unwrap();
    let Outcome::Status(condition) = caller.carry_out(&Order::Status).await.unwrap() else { panic!() };
    assert!(condition.ready && condition.upstream.is_none());
    let refused = caller.carry_out(&Order::DisableUser("nobody".parse().unwrap())).await.map(drop).unwrap_err();
    assert!(refused.to_string().contains("nobody"));
    assert!(caller.pull().await.unwrap_err().to_string().contains("[upstream]"));
    assert!(caller.backup().await.unwrap().starts_with(b"PRIKREP BACKUP"));
    let file = config.data_dir.join("control.json");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    running.stop().await;
    assert!(!file.exists());
    assert!(caller.carry_out(&Order::Status).await.is_err());
}

#[tokio::test]
async fn without_the_token_nothing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder);
    let running = Server::start_with(config.clone(), noon()).await.unwrap();
    let text = std::fs::read_to_string(config.data_dir.join("control.json")).unwrap();
    let control: serde_json::Value = serde_json::from_str(&text).unwrap();
    let url = |path: &str| format!("http://{}/{path}", control["address"].as_str().unwrap());
    let client = crate::api::client();
    for path in ["order", "pull", "backup"] {
        for token in ["", "0000"] {
            let sent = client.post(url(path)).bearer_auth(token).json(&Order::ListUsers).send().await.unwrap();
            assert_eq!(sent.status(), 401, "{path}");
        }
    }
    let authorized = client.post(url("order")).bearer_auth(control["token"].as_str().unwrap());
    let large = authorized.header("content-type", "application/json").body(vec![b' '; 100 << 10]);
    assert_eq!(large.send().await.unwrap().status(), 413);
    running.stop().await;
}

/// A killed register leaves its file, and another program may have taken its port.
#[tokio::test]
async fn a_stranger_on_the_old_port_is_not_believed_and_learns_nothing() {
    let fixture = Fixture::new();
    let stranger = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let token = "5".repeat(64);
    let control = serde_json::json!({"address": stranger.local_addr().unwrap(), "token": token});
    std::fs::write(fixture.config.data_dir.join("control.json"), control.to_string()).unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listening = Arc::clone(&heard);
    let serving = tokio::spawn(async move {
        let (mut stream, _) = stranger.accept().await.unwrap();
        let mut buffer = vec![0; 4096];
        let length = stream.read(&mut buffer).await.unwrap();
        listening.lock().extend_from_slice(&buffer[..length]);
        let body = r#"{"proof":"00"}"#;
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    assert!(Caller::find(&fixture.config.data_dir).await.unwrap().is_none());
    serving.await.unwrap();
    let heard = String::from_utf8_lossy(&heard.lock()).into_owned();
    assert!(heard.starts_with("GET /hello?nonce=") && !heard.contains(&token), "{heard}");
}

#[tokio::test]
async fn a_file_that_leads_nowhere_is_nobody() {
    let fixture = Fixture::new();
    let file = fixture.config.data_dir.join("control.json");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let token = "5".repeat(64);
    for text in [
        serde_json::json!({"address": free, "token": token}).to_string(),
        serde_json::json!({"address": "192.0.2.1:80", "token": token}).to_string(),
        "{".to_owned(),
        String::new(),
    ] {
        std::fs::write(&file, &text).unwrap();
        assert!(Caller::find(&fixture.config.data_dir).await.unwrap().is_none(), "{text}");
    }
}

#[tokio::test]
async fn a_second_register_on_the_folder_or_the_port_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder);
    let running = Server::start_with(config.clone(), noon()).await.unwrap();
    let words = Server::start_with(config.clone(), noon()).await.map(drop).unwrap_err().to_string();
    assert!(words.contains("уже открыта"), "{words}");
    let listen = running.url().trim_start_matches("http://").parse().unwrap();
    let elsewhere = prikrep_server::Config { listen, data_dir: folder.path().join("other"), ..config.clone() };
    let taken = Server::start_with(elsewhere, noon()).await.map(drop).unwrap_err();
    assert!(matches!(taken, StartError::Listen { .. }));
    assert!(Caller::find(&config.data_dir).await.unwrap().is_some(), "the first one was not disturbed");
    assert!(running.condition(at(0)).ready);
    running.stop().await;
}
