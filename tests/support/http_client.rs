//! HTTP clients of the tests: without proxies of the environment.

use reqwest::{Client, ClientBuilder};

/// A builder of clients; clients need a TLS implementation, also for plain HTTP.
pub fn http_client_builder() -> ClientBuilder {
    ips_gateway::upstream::install_tls_provider();
    Client::builder().no_proxy()
}

/// A client with the defaults of reqwest.
pub fn http_client() -> Client {
    http_client_builder().build().expect("a client")
}
