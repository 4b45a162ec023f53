//! Format of server-sent events (WHATWG HTML §9.2.5).

use std::time::Duration;

use actix_web::web::Bytes;

/// Maximum length of a line in bytes, for clients and proxies with a line buffer. Only a JSON string that is longer makes a longer line.
const MAX_LINE_BYTES: usize = 16 * 1024;
const DATA_FIELD: &[u8] = b"data: ";

/// Fields of an event beside its data.
#[derive(Debug, Clone, Copy)]
pub struct EventFields<'a> {
    /// Type of the event.
    pub name: &'a str,
    /// Id of the event.
    pub id: &'a str,
    /// Reconnection time.
    pub retry: Option<Duration>,
}

/// Formats an event. `data` is JSON without line breaks; a long one gets line breaks between its values, which a client that joins the lines
/// reads as the same JSON.
pub fn format_event(EventFields { name, id, retry }: EventFields<'_>, data: &[u8]) -> Bytes {
    let retry = retry.map_or_else(String::new, |time| format!("retry: {}\n", time.as_millis()));
    let mut event = format!("{retry}id: {id}\nevent: {name}\n").into_bytes();
    let mut rest = data;
    loop {
        let (line, more) = rest.split_at(line_length(rest));
        event.extend_from_slice(DATA_FIELD);
        event.extend_from_slice(line);
        event.push(b'\n');
        if more.is_empty() {
            break;
        }
        rest = more;
    }
    event.push(b'\n');
    event.into()
}

/// Returns the length of the next line of `json`: all of it, or up to the last comma between objects, else between other values, that keeps
/// the line within the limit.
fn line_length(json: &[u8]) -> usize {
    let limit = MAX_LINE_BYTES - DATA_FIELD.len();
    if json.len() <= limit {
        return json.len();
    }
    let within = 1..=limit;
    let between_objects = within.clone().rev().find(|&at| json[at - 1] == b',' && starts_object(&json[at..]));
    let between_values = || within.rev().find(|&at| json[at - 1] == b',' && starts_text(&json[at..]));
    let beyond = || (limit + 1..json.len()).find(|&at| json[at - 1] == b',' && starts_text(&json[at..]));
    between_objects.or_else(between_values).or_else(beyond).unwrap_or(json.len())
}

/// Returns whether the JSON goes on with an object that is not part of a string: a quote that ends a string is followed by punctuation.
fn starts_object(json: &[u8]) -> bool {
    json.first() == Some(&b'{') && starts_text(&json[1..])
}

/// Returns whether the JSON goes on with a string or a name that begins with a letter or a digit, and is not within one.
fn starts_text(json: &[u8]) -> bool {
    matches!(json, [b'"', first, ..] if first.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::{EventFields, MAX_LINE_BYTES, format_event};

    fn formatted(data: &Value) -> String {
        let event = format_event(EventFields { name: "snapshot", id: "1", retry: None }, data.to_string().as_bytes());
        String::from_utf8(event.to_vec()).expect("UTF-8")
    }

    fn data_lines(event: &str) -> Vec<&str> {
        event.lines().filter_map(|line| line.strip_prefix("data: ")).collect()
    }

    #[test]
    fn an_event_is_one_block_with_its_fields_and_data() {
        let fields = EventFields { name: "snapshot", id: "7-1", retry: Some(Duration::from_secs(2)) };
        assert_eq!(format_event(fields, b"{}"), "retry: 2000\nid: 7-1\nevent: snapshot\ndata: {}\n\n");
        assert_eq!(formatted(&json!({})), "id: 1\nevent: snapshot\ndata: {}\n\n");
    }

    #[test]
    fn a_long_list_is_broken_between_its_jobs() {
        let job = |number: usize| json!({"id": format!("{number}"), "text": "a\",{\"x\":1},\"".repeat(number % 40)});
        let list = json!({"jobs": (0..400).map(job).collect::<Vec<_>>()});
        let event = formatted(&list);
        let lines = data_lines(&event);
        assert!(lines.len() > 3 && event.lines().all(|line| line.len() <= MAX_LINE_BYTES), "{} lines", lines.len());
        for line in &lines[1..] {
            assert!(line.starts_with("{\"id\""), "{}", &line[..40]);
        }
        assert_eq!(serde_json::from_str::<Value>(&lines.join("\n")).expect("JSON"), list);
    }

    #[test]
    fn a_large_job_is_broken_between_its_members_and_a_long_text_not_at_all() {
        let urls: Vec<_> =
            (0..2000).map(|number| json!({"sourceUrl": format!("https://example.com/{number}")})).collect();
        let handles: Vec<_> = (0..4000).map(|number| format!("a|{number}")).collect();
        let long = "x,\"y".repeat(10_000);
        let job = json!({"id": "1", "urls": urls, "handles": handles, "long": long, "end": 1});
        let event = formatted(&job);
        let lines = data_lines(&event);
        assert_eq!(serde_json::from_str::<Value>(&lines.join("\n")).expect("JSON"), job);
        let over: Vec<_> = lines.iter().filter(|line| line.len() > MAX_LINE_BYTES - 6).collect();
        assert!(matches!(over[..], [line] if line.starts_with("\"long\"")), "{} lines", over.len());
    }
}
