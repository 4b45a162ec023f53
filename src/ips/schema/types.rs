//! Types of the schema of one API version.

use std::collections::HashMap;

use super::{FIELD, OPTIONAL, lines, quoted, type_name};
use crate::ips::types::ApiVersion;

/// Types of the schema of one API version, by name.
#[derive(Debug)]
pub struct TypeTable {
    types: HashMap<String, Vec<SchemaField>>,
    namespace: String,
}

/// Element of a type, in the order of the schema.
#[derive(Debug)]
pub(super) struct SchemaField {
    pub(super) name: String,
    pub(super) kind: SchemaKind,
    pub(super) is_optional: bool,
    /// Whether it may appear any number of times.
    pub(super) is_repeated: bool,
}

/// Content of an element.
#[derive(Debug)]
pub(super) enum SchemaKind {
    /// Child elements of the type with this name.
    Complex(String),
    /// Text of a simple type of XML Schema, by its name without prefix.
    Simple(String),
}

impl TypeTable {
    /// Returns the types of an API version.
    #[must_use]
    pub fn of(version: &ApiVersion) -> Self {
        let types = lines(version).filter_map(|line| Some((type_name(&line)?, fields(&line)))).collect();
        Self { types, namespace: version.namespace() }
    }

    /// Returns the elements of a type.
    pub(super) fn fields(&self, type_name: &str) -> &[SchemaField] {
        self.types.get(type_name).map_or(&[], Vec::as_slice)
    }

    /// Returns the namespace of the answers.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }
}

/// Returns the elements of the type on a line.
fn fields(line: &str) -> Vec<SchemaField> {
    let declarations = line.split(FIELD).filter_map(|piece| piece.split_once("/>")).map(|(field, _)| field);
    let field = |declaration: &str| {
        let (prefix, name) = quoted(declaration, "type=\"")?.split_once(':')?;
        let kind = match prefix {
            "xsd" => SchemaKind::Simple(name.to_owned()),
            _ => SchemaKind::Complex(name.to_owned()),
        };
        Some(SchemaField {
            name: quoted(declaration, "name=\"")?.to_owned(),
            kind,
            is_optional: declaration.contains(OPTIONAL),
            is_repeated: declaration.contains("maxOccurs=\"unbounded\""),
        })
    };
    declarations.filter_map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_the_elements_of_the_version() {
        let names = |version: &str| -> Vec<String> {
            let table = TypeTable::of(&version.parse().unwrap_or_default());
            table.fields("GetCompanyMembershipReturn").iter().map(|field| field.name.clone()).collect()
        };
        assert_eq!(names("2022-11-01-beta"), ["membershipArray"]);
        assert_eq!(names(""), ["companyArray"]);
        let table = TypeTable::of(&ApiVersion::default());
        let fields = table.fields("JobLogArray");
        assert!(fields[0].is_optional && fields[0].is_repeated && fields.len() == 1, "{fields:?}");
    }
}
