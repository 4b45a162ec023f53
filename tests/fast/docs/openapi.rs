//! The committed OpenAPI documents against the code; `UPDATE_DOCS=1` writes them.

use std::fs;
use std::path::Path;

use ips_gateway::http::openapi::{Version, in_version};
use ips_gateway::http::openapi_document;

const COMMITTED: [(Version, &str); 2] =
    [(Version::V3_1, "openapi/openapi.json"), (Version::V3_0, "openapi/openapi-3.0.json")];

#[test]
fn the_committed_documents_are_up_to_date() {
    for (version, path) in COMMITTED {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let committed = fs::read_to_string(&file).unwrap_or_default();
        let current = format!("{:#}\n", in_version(openapi_document(), version));
        if committed == current {
            continue;
        }
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&file, current).expect("the document can be written");
            continue;
        }
        let differs = committed.lines().zip(current.lines()).position(|(committed, current)| committed != current);
        let line = differs.unwrap_or_else(|| committed.lines().count().min(current.lines().count()));
        panic!(
            "{path} differs from line {} on (UPDATE_DOCS=1 writes it):\n{}",
            line + 1,
            current.lines().skip(line).take(5).collect::<Vec<_>>().join("\n")
        );
    }
}
