//! Build script: compresses the files that the binary embeds with gzip. `openapi.json.gz` is the OpenAPI document, `web_ui.rs` a table of
//! the files of the board and of Swagger UI.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// Files of the Swagger UI distribution that are served unchanged.
const SWAGGER_UI_DISTRIBUTION: [&str; 2] = ["swagger-ui-bundle.js", "swagger-ui.css"];
/// Directories of the web UI, with the URL path of their files.
const DIRECTORIES: [(&str, &str); 2] = [("src/http/ui/board", "board"), ("src/http/ui/swagger_ui", "swagger-ui")];
/// Files with their URL paths.
type Files = Vec<(String, Vec<u8>)>;
const OPENAPI_DOCUMENT: &str = "openapi/openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let mut files = swagger_ui_distribution()?;
    for (directory, url_path) in DIRECTORIES {
        println!("cargo::rerun-if-changed={directory}");
        read_directory(&root.join(directory), url_path, &mut files)?;
    }
    files.sort();
    println!("cargo::rerun-if-changed={OPENAPI_DOCUMENT}");
    let document: serde_json::Value = serde_json::from_slice(&fs::read(root.join(OPENAPI_DOCUMENT))?)?;

    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    compress(document.to_string().as_bytes(), &out.join("openapi.json.gz"))?;

    let mut table = "[\n".to_owned();
    for (number, (path, content)) in files.iter().enumerate() {
        let name = format!("web-ui-{number}.gz");
        compress(content, &out.join(&name))?;
        writeln!(table, "    ({path:?}, include_bytes!({:?})),", out.join(name).display().to_string())?;
    }
    table.push_str("]\n");
    Ok(fs::write(out.join("web_ui.rs"), table)?)
}

/// Adds the files of a directory and its subdirectories, with their URL paths.
fn read_directory(directory: &Path, url_path: &str, files: &mut Files) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let url_path = format!("{url_path}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_directory(&entry.path(), &url_path, files)?;
        } else {
            let content = fs::read(entry.path())?;
            let is_text = entry
                .path()
                .extension()
                .is_some_and(|extension| ["js", "css", "html"].iter().any(|text| extension == *text));
            files.push((url_path, if is_text { compacted(str::from_utf8(&content)?).into_bytes() } else { content }));
        }
    }
    Ok(())
}

/// Replaces the lines of a file that are comments by empty ones, and removes indentation: a sixth of the bytes. The others keep their numbers.
/// Comments at the end of a line stay, since a string can look like one. Comments of HTML stay. Files must not have literals over
/// several lines, nor code after the end of a comment of several lines: tests/fast/api/service/pages.rs checks all of them.
fn compacted(text: &str) -> String {
    let mut is_inside = false;
    let mut code = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        // `/** @type {…} */ (value)` is code.
        let is_block = content.starts_with("/*") && content.find("*/").is_none_or(|end| end + 2 == content.len());
        let is_comment = is_inside || is_block || content.starts_with("//");
        is_inside = (is_inside || is_block) && !content.ends_with("*/");
        code.push_str(if is_comment { "\n" } else { line.trim_start_matches([' ', '\t']) });
    }
    code
}

/// Returns the files of the Swagger UI distribution, with their URL paths.
fn swagger_ui_distribution() -> Result<Files, Box<dyn Error>> {
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    let mut files = Vec::new();
    for name in SWAGGER_UI_DISTRIBUTION {
        let suffix = format!("/dist/{name}");
        let path =
            archive.file_names().filter_map(Result::ok).find(|path| path.ends_with(&suffix)).map(Cow::into_owned);
        let path = path.ok_or_else(|| format!("the Swagger UI distribution has no {name}"))?;
        let mut content = Vec::new();
        archive.by_name(&path)?.read_to_end(&mut content)?;
        files.push((format!("swagger-ui/{name}"), content));
    }
    Ok(files)
}

fn compress(content: &[u8], path: &Path) -> Result<(), Box<dyn Error>> {
    let mut encoder = GzEncoder::new(fs::File::create(path)?, Compression::best());
    encoder.write_all(content)?;
    encoder.finish()?;
    Ok(())
}
