//! Source files and the modules they make.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;

/// Names from the crate's root down; empty for the root itself.
pub type ModulePath = Vec<String>;

/// A Rust file below `src`.
pub struct Source {
    pub path: PathBuf,
    pub text: String,
}

impl Source {
    /// Every Rust file below `src`.
    pub fn all() -> Vec<Self> {
        let found: Vec<_> = files(Path::new("src"))
            .into_iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(|path| Self { text: fs::read_to_string(&path).expect("sources are text"), path })
            .collect();
        assert!(found.len() > 20, "only {} files found below src", found.len());
        found
    }

    /// `jobs::cache` for `src/jobs/cache.rs` and `src/jobs/cache/mod.rs`, the root for `src/lib.rs` and `src/main.rs`.
    pub fn module(&self) -> ModulePath {
        let path = self.path.strip_prefix("src").expect("it is below src").with_extension("");
        let names = path.iter().map(|name| name.to_string_lossy().into_owned());
        names.filter(|name| !["lib", "main", "mod"].contains(&name.as_str())).collect()
    }

    /// The top-level module that the file belongs to: `jobs`, or `main` for `src/main.rs`.
    pub fn top_level(&self) -> String {
        let path = self.path.strip_prefix("src").expect("it is below src").with_extension("");
        path.iter().next().expect("a name").to_string_lossy().into_owned()
    }

    pub fn tokens(&self) -> TokenStream {
        self.text.parse().unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }

    /// A place in the file, as compilers print it.
    pub fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

/// Every file below a folder, at any depth.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let (folders, mut found): (Vec<_>, Vec<_>) = entries(folder).into_iter().partition(|path| path.is_dir());
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found.sort();
    found
}

/// A folder and every folder below it.
pub fn folders(folder: &Path) -> Vec<PathBuf> {
    let below = entries(folder).into_iter().filter(|path| path.is_dir()).flat_map(|path| folders(&path));
    [folder.to_owned()].into_iter().chain(below).collect()
}

/// The direct entries of a folder.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("a readable entry").path()).collect()
}
