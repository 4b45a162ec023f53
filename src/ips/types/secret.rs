//! Secrets that travel inside a request.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};

/// What a [`SecretText`] shows instead of itself.
const REDACTED: &str = "[redacted]";

/// A text that only IPS may see, such as a password.
///
/// It is sent to IPS as it is, but reads `[redacted]` in JSON and in debug output, so that a job that IPS echoes
/// in a list can't leak what somebody else submitted.
#[derive(Clone, Default)]
pub struct SecretText(SecretString);

impl ExposeSecret<str> for SecretText {
    fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        self.expose_secret() == other.expose_secret()
    }
}

impl Eq for SecretText {}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // JSON goes to clients, logs and caches; the XML format, the only one that isn't "human readable", goes to IPS.
        let text = if serializer.is_human_readable() { REDACTED } else { self.expose_secret() };
        serializer.serialize_str(text)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl utoipa::PartialSchema for SecretText {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .description(Some("A text that only IPS may see. Answers show `[redacted]` in its place."))
            .into()
    }
}

impl utoipa::ToSchema for SecretText {}

#[cfg(test)]
mod tests {
    use crate::ips::types::{CheckLoginParam, UploadUrlsJob};

    fn login() -> CheckLoginParam {
        CheckLoginParam { email: "user@example.com".into(), password: "hunter2".into(), ..Default::default() }
    }

    #[test]
    fn json_and_debug_output_never_show_a_secret() {
        let job = UploadUrlsJob {
            jwt_token: Some("ey.hunter2".into()),
            apikey: Some(String::from("hunter2").into()),
            ..Default::default()
        };
        let shown = [
            serde_json::to_string(&job).expect("a job is JSON"),
            serde_json::to_string(&login()).expect("a login is JSON"),
            format!("{job:?} {:#?}", login()),
        ];
        for text in shown {
            assert!(!text.contains("hunter2") && text.contains("[redacted]"), "{text}");
        }
    }

    #[test]
    fn a_format_for_machines_carries_the_secret() {
        let mut wire = Vec::new();
        ciborium::into_writer(&login(), &mut wire).expect("a login is CBOR");
        assert_eq!(ciborium::from_reader::<CheckLoginParam, _>(&*wire).expect("just written"), login());
    }

    #[test]
    fn a_secret_is_read_from_json() {
        let read: CheckLoginParam =
            serde_json::from_str(r#"{"email": "user@example.com", "password": "hunter2"}"#).expect("a login");
        assert_eq!(read, login());
    }
}
