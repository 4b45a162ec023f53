//! Secret text in requests: redacted in JSON and debug output, plain in XML.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};

/// Placeholder of a [`SecretText`] in JSON and debug output.
const REDACTED: &str = "[redacted]";

/// Text that only IPS may see, such as a password.
///
/// Serialized in plain for IPS, but as `[redacted]` in JSON and in debug output, so that a job that IPS returns in a list can't leak what
/// another user submitted.
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
        // JSON goes to clients, logs and caches; the XML format, which is not "human readable", goes to IPS.
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
            .description(Some("Text that only IPS may see. Answers contain `[redacted]` instead."))
            .into()
    }
}

impl utoipa::ToSchema for SecretText {}
