//! A client of the protocol that shows everything that a server says, right or wrong.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// What a server replied.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    pub fn json(&self) -> Value {
        let shown = String::from_utf8_lossy(&self.body);
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {} {shown}", self.status))
    }

    /// The content type.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok())
    }
}

/// A client of one server, with or without a session.
#[derive(Clone, Debug)]
pub struct Api {
    base: String,
    client: Client,
    token: Option<String>,
}

impl Api {
    /// A client without a session. `base` is the server's address without a slash at its end.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    #[must_use]
    pub fn new(base: &str) -> Self {
        // The first caller in a process installs it; the others find it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { base: base.to_owned(), client: Client::builder().no_proxy().build().unwrap(), token: None }
    }

    /// A client with a session.
    ///
    /// # Panics
    /// When the server does not open one.
    pub async fn signed_in(base: &str, login: &str, password: &str) -> Self {
        let api = Self::new(base);
        let reply = api.send(Method::POST, "/v1/sessions", Some(&json!({"login": login, "password": password}))).await;
        let session = reply.unwrap().json();
        let token = session["token"].as_str().unwrap_or_else(|| panic!("no session: {session}"));
        Self { token: Some(token.to_owned()), ..api }
    }

    /// The same client without its session.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same client with a session.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The token of its session.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Sends a request with a JSON body.
    ///
    /// # Errors
    /// [`reqwest::Error`] when no whole reply came.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Reply, reqwest::Error> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        Self::reply(request).await
    }

    /// Reads a path.
    ///
    /// # Panics
    /// When no whole reply came.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await.unwrap()
    }

    /// A request to be completed by the test, with the session in it.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the whole reply.
    ///
    /// # Errors
    /// [`reqwest::Error`] when no whole reply came.
    pub async fn reply(request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Reply { status, headers, body: response.bytes().await?.to_vec() })
    }
}
