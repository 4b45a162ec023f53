//! The generated table of API versions; `UPDATE_VERSION_TABLE=1` rewrites it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::{env, fs};

use super::contract::{Contract, ContractField};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ips/types/version_table.rs");
const MAX_WIDTH: usize = 118;

const HEAD: &str = r"//! Tables of the API versions and of what not all of them have. Generated: `UPDATE_VERSION_TABLE=1` with the test
//! `the_version_table_is_that_of_the_contract` rewrites this file.

use super::version_range::SchemaKnowledge::{Partial, Whole};
use super::version_range::{KnownVersion, SchemaKnowledge, VersionRange};

const fn known(name: &'static str, schema: SchemaKnowledge) -> KnownVersion {
    KnownVersion { name, schema }
}

const fn since(first: &'static str) -> VersionRange {
    VersionRange::since(first)
}

const fn until(last: &'static str) -> VersionRange {
    VersionRange::until(last)
}

const fn between(first: &'static str, last: &'static str) -> VersionRange {
    VersionRange::between(first, last)
}
";

fn range(since: Option<&str>, until: Option<&str>) -> Option<String> {
    match (since, until) {
        (None, None) => None,
        (Some(since), None) => Some(format!("since({since:?})")),
        (None, Some(until)) => Some(format!("until({until:?})")),
        (Some(since), Some(until)) => Some(format!("between({since:?}, {until:?})")),
    }
}

/// Returns the rows of a type: one for each range of versions, with its fields.
fn rows(type_name: &str, fields: &[ContractField]) -> String {
    let mut by_range: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for field in fields {
        if let Some(range) = range(field.since.as_deref(), field.until.as_deref()) {
            by_range.entry((&field.since, &field.until, range)).or_default().push(&field.name);
        }
    }
    let mut rows = String::new();
    for ((.., range), fields) in by_range {
        let mut line = format!("    ({type_name:?}, {range}, &[");
        for (index, field) in fields.iter().enumerate() {
            let piece = format!("{}{field:?},", if index == 0 { "" } else { " " });
            if line.len() + piece.len() > MAX_WIDTH {
                writeln!(rows, "{line}").expect("a string");
                line = format!("        {}", piece.trim_start());
            } else {
                line += &piece;
            }
        }
        writeln!(rows, "{}]),", line.trim_end_matches(',')).expect("a string");
    }
    rows
}

fn table(contract: &Contract) -> String {
    let mut text = HEAD.to_owned();
    text +=
        "\n/// Published API versions, oldest first.\n#[rustfmt::skip]\npub const API_VERSIONS: &[KnownVersion] = &[\n";
    for version in &contract.versions {
        let schema = if version.schema.is_some() { "Whole" } else { "Partial" };
        writeln!(text, "    known({:?}, {schema}),", version.version).expect("a string");
    }
    text += "];\n\n/// Operations that not every version has.\n#[rustfmt::skip]\n";
    text += "pub(super) const OPERATION_VERSIONS: &[(&str, VersionRange)] = &[\n";
    for operation in &contract.operations {
        if let Some(range) = range(operation.since.as_deref(), operation.until.as_deref()) {
            writeln!(text, "    ({:?}, {range}),", operation.name).expect("a string");
        }
    }
    text += "];\n\n/// Fields that not every version has: type, versions, fields; sorted by type.\n#[rustfmt::skip]\n";
    text += "pub(super) const FIELD_VERSIONS: &[(&str, VersionRange, &[&str])] = &[\n";
    text.extend(contract.structs().map(|(type_name, fields)| rows(type_name, fields)));
    text + "];\n"
}

#[test]
fn the_version_table_is_that_of_the_contract() {
    let expected = table(&Contract::load());
    if env::var_os("UPDATE_VERSION_TABLE").is_some() {
        fs::write(TABLE, &expected).expect("the table can be written");
    }
    let actual = fs::read_to_string(TABLE).expect("the table can be read");
    assert!(actual == expected, "{TABLE} is out of date: run this test with UPDATE_VERSION_TABLE=1");
}
