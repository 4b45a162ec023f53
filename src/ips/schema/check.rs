//! Check of a body element against the types of an API version.

use super::deviation::{Deviation, DeviationKind};
use super::types::{SchemaField, SchemaKind, TypeTable};
use crate::ips::codec::{Parser, ReadError, Tag, Token};
use crate::ips::types::{Timestamp, field_versions};

/// Maximum number of deviations of one answer that are collected.
const MAX_DEVIATIONS: usize = 10_000;

impl TypeTable {
    /// Returns the deviations of the body element `tag`, whose start tag was just read, from the type of that name.
    ///
    /// # Errors
    /// The document is not well-formed, or exceeds a limit.
    pub(in crate::ips) fn check(
        &self,
        parser: &mut Parser<'_>,
        tag: &Tag<'_>,
        namespace: Option<&str>,
    ) -> Result<Vec<Deviation>, ReadError> {
        let mut check = Check { table: self, parser, deviations: Vec::new() };
        if namespace != Some(self.namespace()) {
            let detail = format!("expected the namespace {}", self.namespace());
            check.add(DeviationKind::OtherNamespace, String::new(), detail, None);
        }
        let (initial, rest) = tag.local_name().split_at(1);
        check.complex(&(initial.to_uppercase() + rest), "")?;
        Ok(check.deviations)
    }
}

struct Check<'c, 'de> {
    table: &'c TypeTable,
    parser: &'c mut Parser<'de>,
    deviations: Vec<Deviation>,
}

impl Check<'_, '_> {
    fn add(&mut self, kind: DeviationKind, path: String, detail: impl Into<String>, value: Option<String>) {
        if self.deviations.len() < MAX_DEVIATIONS {
            self.deviations.push(Deviation { kind, path, detail: detail.into(), value });
        }
    }

    /// Checks the child elements of an element whose start tag was just read.
    fn complex(&mut self, type_name: &str, path: &str) -> Result<(), ReadError> {
        let table = self.table;
        let fields = table.fields(type_name);
        let mut seen = vec![false; fields.len()];
        let mut next = 0;
        loop {
            match self.parser.next_token()? {
                Token::Start(tag) => {
                    let name = tag.local_name();
                    let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                    let Some(index) = fields.iter().position(|field| field.name == name) else {
                        self.add(DeviationKind::UnknownElement, path, unknown(type_name, name), None);
                        self.parser.skip()?;
                        continue;
                    };
                    if seen[index] && !fields[index].is_repeated {
                        self.add(DeviationKind::RepeatedElement, path.clone(), "expected at most once", None);
                    } else if index < next {
                        let detail = format!("expected before {}", fields[next].name);
                        self.add(DeviationKind::MisplacedElement, path.clone(), detail, None);
                    }
                    seen[index] = true;
                    next = next.max(index);
                    self.field(&fields[index], &path)?;
                }
                Token::Text(text) if text.trim_ascii().is_empty() => {}
                Token::Text(text) => {
                    let value = Some(text.into_owned());
                    self.add(DeviationKind::UnexpectedText, path.to_owned(), "expected elements only", value);
                }
                Token::End | Token::Eof => break,
            }
        }
        for (field, _) in fields.iter().zip(seen).filter(|(field, seen)| !seen && !field.is_optional) {
            let separator = if path.is_empty() { "" } else { "." };
            self.add(DeviationKind::MissingElement, format!("{path}{separator}{}", field.name), "is required", None);
        }
        Ok(())
    }

    fn field(&mut self, field: &SchemaField, path: &str) -> Result<(), ReadError> {
        let simple = match &field.kind {
            SchemaKind::Complex(name) => return self.complex(name, path),
            SchemaKind::Simple(simple) => simple,
        };
        let mut value = String::new();
        loop {
            match self.parser.next_token()? {
                Token::Text(text) => value.push_str(&text),
                Token::Start(tag) => {
                    let path = format!("{path}.{}", tag.local_name());
                    self.add(DeviationKind::UnknownElement, path, format!("expected a text of xsd:{simple}"), None);
                    self.parser.skip()?;
                }
                Token::End | Token::Eof => break,
            }
        }
        if simple == "string" {
            return Ok(());
        }
        let text = value.trim_ascii();
        if text.is_empty() {
            self.add(DeviationKind::EmptyValue, path.to_owned(), format!("expected xsd:{simple}"), None);
        } else if !is_valid(simple, text) {
            let detail = format!("expected xsd:{simple}");
            self.add(DeviationKind::UnreadableValue, path.to_owned(), detail, Some(text.to_owned()));
        }
        Ok(())
    }
}

/// Describes an element that a type does not have in the API version.
fn unknown(type_name: &str, name: &str) -> String {
    let versions = field_versions(type_name, name);
    if versions.since.is_some() || versions.until.is_some() {
        format!("{versions} has it in {type_name}")
    } else {
        format!("no known API version has it in {type_name}")
    }
}

/// Returns whether a text without white space around it is a value of a simple type.
fn is_valid(simple: &str, text: &str) -> bool {
    match simple {
        "int" => text.parse::<i32>().is_ok(),
        "long" => text.parse::<i64>().is_ok(),
        "boolean" => matches!(text, "true" | "false" | "1" | "0"),
        "double" => matches!(text, "NaN" | "INF" | "-INF") || text.parse::<f64>().is_ok_and(f64::is_finite),
        "dateTime" => text.parse::<Timestamp>().is_ok(),
        _ => true,
    }
}
