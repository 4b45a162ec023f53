//! Error messages of serde, reworded for callers. serde's errors have no structure, so that their text is parsed; the test pins each form.

use crate::ips::types::RENAMED_JOB_KINDS;

/// Returns the name of a repeated field, if that is the error.
pub fn repeated_field(message: &str) -> Option<&str> {
    message.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`'))
}

/// Rewords a message for query strings: fields are parameters, variants are values. `other_parameters` are added to the list of the expected
/// ones.
pub fn of_query(message: &str, other_parameters: &[&str]) -> String {
    match message.strip_prefix("unknown field ") {
        Some(unknown) => unknown_parameter(unknown, other_parameters),
        None => {
            message.replacen("unknown variant", "unknown value", 1).replacen("provided string was not", "expected", 1)
        }
    }
}

/// Rewords "unknown field `x`, expected one of `a`, `b`" from the name on.
fn unknown_parameter(message: &str, other_parameters: &[&str]) -> String {
    let without_list = message.strip_suffix(", there are no fields").unwrap_or(message);
    let (name, listed) = message.rsplit_once(", expected ").unwrap_or((without_list, ""));
    let known: Vec<_> = other_parameters
        .iter()
        .copied()
        .chain(listed.split('`').skip(1).step_by(2))
        .map(|name| format!("`{name}`"))
        .collect();
    match known.as_slice() {
        [] => format!("unknown parameter {name}, expected none"),
        [only] => format!("unknown parameter {name}, expected {only}"),
        [first, second] => format!("unknown parameter {name}, expected {first} or {second}"),
        all => format!("unknown parameter {name}, expected one of {}", all.join(", ")),
    }
}

/// Rewords a message for JSON bodies: without the invalid value, which may be a secret, and without line and column, which the JSON pointer
/// replaces.
pub fn of_body(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let renamed = RENAMED_JOB_KINDS.iter().find(|(old, _)| message.starts_with(&format!("unknown field `{old}`")));
    if let Some((_, name)) = renamed {
        return format!("unknown field: its name in the schema of IPS is `{name}`");
    }
    match message.split_once(", expected ") {
        Some((problem, expected)) if problem.starts_with("invalid ") => format!("expected {expected}"),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{of_body, of_query, repeated_field};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct None {}

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its errors are read")]
    struct One {
        flag: bool,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its errors are read")]
    struct Several {
        number: Option<u32>,
        level: Option<Level>,
        items: Option<Vec<String>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Level {
        Low,
        High,
    }

    fn query_error<T: for<'de> Deserialize<'de> + std::fmt::Debug>(query: &str) -> String {
        serde_urlencoded::from_str::<T>(query).expect_err("invalid").to_string()
    }

    #[test]
    fn every_message_about_a_query_string_is_reworded() {
        let table = [
            (query_error::<None>("x=1"), "unknown parameter `x`, expected none"),
            (query_error::<One>("x=1"), "unknown parameter `x`, expected `flag`"),
            (query_error::<Several>("x=1"), "unknown parameter `x`, expected one of `number`, `level`, `items`"),
            (query_error::<Several>("level=x"), "unknown value `x`, expected `low` or `high`"),
            (query_error::<One>("flag=x"), "expected `true` or `false`"),
            (query_error::<One>(""), "missing field `flag`"),
        ];
        for (message, expected) in table {
            assert_eq!(of_query(&message, &[]), expected, "{message}");
        }
        let unknown = query_error::<One>("x=1");
        assert_eq!(of_query(&unknown, &["company"]), "unknown parameter `x`, expected `company` or `flag`");
        assert_eq!(repeated_field(&query_error::<One>("flag=true&flag=true")), Some("flag"));
        assert_eq!(repeated_field(&unknown), Option::None);
    }

    #[test]
    fn every_message_about_a_body_is_without_value_and_position() {
        let table = [
            (r#"{"number":"s3cret"}"#, "expected u32"),
            (r#"{"number":-7}"#, "expected u32"),
            (r#"{"number":7.5}"#, "expected u32"),
            (r#"{"items":{}}"#, "expected a sequence"),
            (r#"{"items":[null]}"#, "expected a string"),
            (r#"{"colour":"s3cret"}"#, "unknown field `colour`, expected one of `number`, `level`, `items`"),
            (r#"{"level":"s3cret"}"#, "unknown variant `s3cret`, expected `low` or `high`"),
            (r#"{"number":1,"number":1}"#, "duplicate field `number`"),
            (
                r#"{"imageServingRenderJob":{}}"#,
                "unknown field: its name in the schema of IPS is `imageRenderingPublishJob`",
            ),
            ("true", "expected struct Several"),
        ];
        for (body, expected) in table {
            let message = serde_json::from_str::<Several>(body).expect_err("invalid").to_string();
            assert_eq!(of_body(&message), expected, "{message}");
        }
        let missing = serde_json::from_str::<One>("{}").expect_err("invalid").to_string();
        assert_eq!(of_body(&missing), "missing field `flag`", "{missing}");
    }
}
