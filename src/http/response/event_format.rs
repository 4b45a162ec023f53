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

/// Formats an event. `data` is JSON without line breaks; a long one gets line breaks between its tokens, which a client that joins the lines
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

/// Returns the length of the next line of `json`: all of it, or up to the last comma between objects that keeps the line within the limit, else
/// up to the last token that does. A token that is longer is a line of its own.
fn line_length(json: &[u8]) -> usize {
    let limit = MAX_LINE_BYTES - DATA_FIELD.len();
    if json.len() <= limit {
        return json.len();
    }
    let (mut between_objects, mut between_tokens) = (None, None);
    for end in token_ends(json) {
        if end > limit && between_tokens.is_some() {
            break;
        }
        between_tokens = Some(end);
        if json[end - 1] == b',' && json.get(end) == Some(&b'{') {
            between_objects = Some(end);
        }
    }
    between_objects.or(between_tokens).unwrap_or(json.len())
}

/// Returns the ends of the strings and punctuation marks of `json`, which begins outside a string.
fn token_ends(json: &[u8]) -> impl Iterator<Item = usize> {
    let (mut in_string, mut is_escaped) = (false, false);
    json.iter().enumerate().filter_map(move |(at, byte)| {
        let ends = match byte {
            _ if is_escaped => {
                is_escaped = false;
                false
            }
            b'\\' if in_string => {
                is_escaped = true;
                false
            }
            b'"' => {
                in_string = !in_string;
                !in_string
            }
            b',' | b':' | b'{' | b'[' | b'}' | b']' => !in_string,
            _ => false,
        };
        ends.then_some(at + 1)
    })
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
    fn a_large_job_is_broken_between_its_tokens_and_only_a_longer_string_makes_a_longer_line() {
        let urls: Vec<_> =
            (0..2000).map(|number| json!({"sourceUrl": format!("https://example.com/{number}")})).collect();
        let handles: Vec<_> = (0..4000).map(|number| format!("|a|{number}")).collect();
        let paths: Vec<_> = (0..4000).map(|number| format!("/ö\\\"{number}")).collect();
        let numbers: Vec<_> = (0..20_000).collect();
        let just_fits = "z".repeat(MAX_LINE_BYTES - 8);
        let long = "x,\"y".repeat(10_000);
        let job = json!({
            "id": "1", "urls": urls, "handles": handles, "paths": paths, "numbers": numbers, "lists": vec![json!([]); 9000],
            "fits": [just_fits.clone(), just_fits], "long": long, "end": 1,
        });
        let event = formatted(&job);
        let lines = data_lines(&event);
        assert_eq!(serde_json::from_str::<Value>(&lines.join("\n")).expect("JSON"), job);
        let over: Vec<_> = lines.iter().filter(|line| line.len() > MAX_LINE_BYTES - 6).collect();
        assert!(matches!(over[..], [line] if line.starts_with("\"x,")), "{} lines", over.len());
    }
}
