//! CSV and NDJSON, copied to stdout as they arrive.

use std::io::{self, Write};

use serde_json::Value;

use super::connection::{Connection, GatewayRequest};
use super::error::ClientError;

/// Number of bytes at the end of an answer among which its last line is looked for.
const TAIL: usize = 16 * 1024;

/// Copies an answer to stdout. An answer whose end says that it is incomplete, and one that is cut off, is an error.
pub(super) async fn copy(connection: &Connection, request: GatewayRequest, format: &str) -> Result<(), ClientError> {
    let request = request.query([("format", format.to_owned())]);
    let mut response = connection.open(&request).await?;
    let mut tail = Vec::new();
    let cut_off = |error: reqwest::Error| ClientError::Incomplete(connection.unreachable(&error).to_string());
    while let Some(chunk) = response.chunk().await.map_err(cut_off)? {
        io::stdout().write_all(&chunk)?;
        tail.extend_from_slice(&chunk);
        if tail.len() > 2 * TAIL {
            tail.drain(..tail.len() - TAIL);
        }
    }
    io::stdout().flush()?;
    let tail = String::from_utf8_lossy(&tail);
    match missing(tail.trim_end().lines().last().unwrap_or_default(), format) {
        None => Ok(()),
        Some(reason) => Err(ClientError::Incomplete(reason)),
    }
}

/// Returns why an answer with this last line is incomplete.
fn missing(line: &str, format: &str) -> Option<String> {
    if format == "csv" {
        return line.strip_prefix("#incomplete").map(|reason| reason.trim_start_matches(',').to_owned());
    }
    let trailer: Value = serde_json::from_str(line).unwrap_or_default();
    match trailer["complete"].as_bool() {
        Some(true) => None,
        Some(false) => {
            let reason = trailer["reason"].as_str().or_else(|| trailer["problem"]["detail"].as_str());
            Some(reason.unwrap_or("the gateway does not say why").to_owned())
        }
        None => Some("the last line is missing".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn the_last_line_says_whether_an_answer_is_complete() {
        assert_eq!(missing(r#"{"complete":true,"rows":2}"#, "ndjson"), None);
        assert_eq!(missing(r#"{"complete":false,"rows":2,"reason":"cut off"}"#, "ndjson").as_deref(), Some("cut off"));
        assert!(missing(r#"{"id":"x"}"#, "ndjson").is_some());
        assert_eq!(missing("#incomplete,cut off", "csv").as_deref(), Some("cut off"));
        assert_eq!(missing("a,b", "csv"), None);
    }
}
