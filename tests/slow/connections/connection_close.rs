//! `Connection: close` (RFC 9112 §9.6): no request behind it is carried out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::ORDINARY;

use crate::support::{Socket, World, any_job};

/// A submit with these fields in its head, and this framing of its body.
fn submit(fields: &str, frame: impl Fn(&str) -> String) -> String {
    let authorization = STANDARD.encode(format!("{}:{}", ORDINARY.email, ORDINARY.password));
    format!(
        "POST /jobs HTTP/1.1\r\nHost: gateway\r\nAuthorization: Basic {authorization}\r\nContent-Type: application/json\r\n{fields}{}",
        frame(&any_job("night").to_string())
    )
}

fn with_length(body: &str) -> String {
    format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

fn chunked(body: &str) -> String {
    format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
}

#[tokio::test]
async fn a_submit_behind_the_last_request_of_a_connection_is_not_carried_out() {
    let world = World::with(Population::Empty, &[("COMPANY", "c|110")]);
    let submits = || world.changes().iter().find(|(operation, _)| *operation == "submitJob").map_or(0, |found| found.1);
    let second = submit("", with_length);
    for (number, last) in (1..).zip([
        submit("Connection: close\r\n", with_length),
        submit("Connection: close\r\n", chunked),
        submit("", chunked),
        submit("", with_length).replacen("HTTP/1.1", "HTTP/1.0", 1),
    ]) {
        let mut socket = Socket::open(&world.gateway).await;
        socket.send(format!("{last}{}", second.repeat(3))).await;
        let response = String::from_utf8(socket.rest().await).expect("text");
        assert_eq!(response.matches("HTTP/1.").count(), 1, "{response}");
        assert_eq!(response.split(' ').nth(1), Some("202"), "{response}");
        assert_eq!(submits(), number, "{response}");
    }
}
