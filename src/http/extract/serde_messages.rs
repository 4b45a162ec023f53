//! Error messages of serde, reworded for callers. serde's errors have no structure, so that their text is parsed; the test pins each form.

use crate::ips::types::RENAMED_JOB_KINDS;

/// Rewords a message for query strings: fields are parameters, variants are values. `other_parameters` are added to the list of the expected
/// ones.
pub fn of_query(message: &str, other_parameters: &[&str]) -> String {
    match message.strip_prefix("unknown field ") {
        Some(unknown) => unknown_parameter(unknown, other_parameters),
        None => message.replacen("unknown variant", "unknown value", 1),
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

/// Names of types in the messages of serde, each with the name of the JSON value in our messages.
const EXPECTED_TYPES: [(&str, &str); 14] = [
    ("a boolean", "`true` or `false`"),
    ("a string", "a text"),
    ("a sequence", "a list"),
    ("a map", "an object"),
    ("i8", "a whole number from -128 to 127"),
    ("i16", "a whole number from -32768 to 32767"),
    ("i32", "a whole number from -2147483648 to 2147483647"),
    ("i64", "a whole number"),
    ("u8", "a whole number from 0 to 255"),
    ("u16", "a whole number from 0 to 65535"),
    ("u32", "a whole number from 0 to 4294967295"),
    ("u64", "a whole number from 0 on"),
    ("f32", "a number"),
    ("f64", "a number"),
];

/// Returns whether the error is a repeated member.
pub fn is_repeated_field(message: &str) -> bool {
    message.starts_with("duplicate field ")
}

/// Returns the name of a missing member, if that is the error.
pub fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.split_once('`').map(|(name, _)| name)
}

/// Rewords a message for JSON bodies: without the invalid value, which may be a secret, and without line and column, which the JSON pointer
/// replaces.
pub fn of_body(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let renamed = RENAMED_JOB_KINDS.iter().find(|(old, _)| message.starts_with(&format!("unknown field `{old}`")));
    if let Some((_, name)) = renamed {
        return format!("unknown member: its name in the schema of IPS is `{name}`");
    }
    if let Some(name) = missing_field(message) {
        return format!("the member `{name}` is missing");
    }
    if let Some(name) = message.strip_prefix("duplicate field ") {
        return format!("the member {name} is given twice");
    }
    if let Some(unknown) = message.strip_prefix("unknown field ") {
        return format!("unknown member {unknown}");
    }
    match message.split_once(", expected ") {
        Some((problem, expected)) if problem.starts_with("invalid ") || problem.starts_with("unknown variant ") => {
            format!("expected {}", expected_type(expected))
        }
        _ => message.to_owned(),
    }
}

fn expected_type(expected: &str) -> &str {
    let known = EXPECTED_TYPES.iter().find(|(name, _)| *name == expected).map(|(_, words)| *words);
    let structure = || expected.starts_with("struct ").then_some("an object");
    known.or_else(structure).unwrap_or(expected)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde::de::value::{Error, MapDeserializer};

    use super::{missing_field, of_body, of_query};

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
        let pairs = query.split_once('=').into_iter();
        T::deserialize(MapDeserializer::<_, Error>::new(pairs)).expect_err("invalid").to_string()
    }

    #[test]
    fn every_message_about_a_query_string_is_reworded() {
        let table = [
            (query_error::<None>("x=1"), "unknown parameter `x`, expected none"),
            (query_error::<One>("x=1"), "unknown parameter `x`, expected `flag`"),
            (query_error::<Several>("x=1"), "unknown parameter `x`, expected one of `number`, `level`, `items`"),
            (query_error::<One>(""), "missing field `flag`"),
        ];
        for (message, expected) in table {
            assert_eq!(of_query(&message, &[]), expected, "{message}");
        }
        let unknown = query_error::<One>("x=1");
        assert_eq!(of_query(&unknown, &["company"]), "unknown parameter `x`, expected `company` or `flag`");
    }

    #[test]
    fn every_message_about_a_body_is_without_value_and_position() {
        let table = [
            (r#"{"number":"s3cret"}"#, "expected a whole number from 0 to 4294967295"),
            (r#"{"number":-7}"#, "expected a whole number from 0 to 4294967295"),
            (r#"{"number":7.5}"#, "expected a whole number from 0 to 4294967295"),
            (r#"{"items":{}}"#, "expected a list"),
            (r#"{"items":[null]}"#, "expected a text"),
            (r#"{"colour":"s3cret"}"#, "unknown member `colour`, expected one of `number`, `level`, `items`"),
            (r#"{"level":"s3cret"}"#, "expected `low` or `high`"),
            (r#"{"number":1,"number":1}"#, "the member `number` is given twice"),
            (
                r#"{"imageServingRenderJob":{}}"#,
                "unknown member: its name in the schema of IPS is `imageRenderingPublishJob`",
            ),
            ("true", "expected an object"),
        ];
        for (body, expected) in table {
            let message = serde_json::from_str::<Several>(body).expect_err("invalid").to_string();
            assert_eq!(of_body(&message), expected, "{message}");
        }
        let missing = serde_json::from_str::<One>("{}").expect_err("invalid").to_string();
        assert_eq!(of_body(&missing), "the member `flag` is missing", "{missing}");
        assert_eq!(missing_field(&missing), Some("flag"));
    }
}
