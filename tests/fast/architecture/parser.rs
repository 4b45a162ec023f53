//! A parser of paths: what a file imports, names inline, declares and re-exports, found in its tokens. Comments and strings hold no
//! paths, except the strings of attributes (`#[serde(with = "crate::…")]`).

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use super::source::ModulePath;

/// The library's name, by which `main.rs` and its modules call what others call `crate`.
const LIBRARY: &str = "ips_gateway";
/// What begins an item that has a name.
const ITEMS: [&str; 8] = ["struct", "enum", "union", "trait", "fn", "const", "static", "type"];

/// A path into this crate, from its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The module in which it stands; inline modules count.
    pub from: ModulePath,
    pub to: ModulePath,
    pub line: usize,
    /// Whether it stands in a `pub use`.
    pub is_reexport: bool,
}

/// What is known of one module.
#[derive(Debug, Default)]
pub struct Module {
    /// The modules that it declares.
    pub children: BTreeSet<String>,
    /// The items that it defines.
    pub items: BTreeSet<String>,
    /// The names that it imports, and from where; `None` for those of other crates.
    pub imports: BTreeMap<String, Option<ModulePath>>,
    /// The modules from which it imports everything.
    pub globs: Vec<ModulePath>,
}

/// What a file says of modules.
#[derive(Debug, Default)]
pub struct Parsed {
    pub modules: BTreeMap<ModulePath, Module>,
    pub references: Vec<Reference>,
    /// The first names of paths into other crates, each with the module and the line where it stands.
    pub externals: Vec<(ModulePath, String, usize)>,
}

/// Parses a file that makes this module.
pub fn parse(tokens: TokenStream, module: &ModulePath) -> Parsed {
    let mut parsed = Parsed::default();
    let tokens: Vec<_> = tokens.into_iter().collect();
    parsed.declare(&tokens, module);
    parsed.read(&tokens, module);
    let Parsed { modules, externals, .. } = &mut parsed;
    // `redis::Client` after `use crate::replicas::redis` is no path into another crate.
    externals.retain(|(module, name, _)| !matches!(modules[module].imports.get(name), Some(Some(_))));
    parsed
}

/// One branch of a `use` tree.
#[derive(Debug, PartialEq)]
struct Branch {
    path: Vec<String>,
    /// The name under which it is imported; `None` for `*` and `as _`.
    name: Option<String>,
    is_glob: bool,
}

impl Parsed {
    /// Collects declarations and items: of this module, not of function bodies.
    fn declare(&mut self, tokens: &[TokenTree], module: &ModulePath) {
        self.modules.entry(module.clone()).or_default();
        for (at, token) in tokens.iter().enumerate() {
            let TokenTree::Ident(keyword) = token else { continue };
            match (keyword.to_string().as_str(), &tokens[at + 1..]) {
                ("mod", [TokenTree::Ident(name), rest @ ..]) => {
                    self.modules.get_mut(module).expect("declared above").children.insert(name.to_string());
                    if let [TokenTree::Group(group), ..] = rest {
                        let inner: Vec<_> = group.stream().into_iter().collect();
                        self.declare(&inner, &child(module, name));
                    }
                }
                (keyword, [TokenTree::Ident(name), ..]) if ITEMS.contains(&keyword) => self.define(module, name),
                ("macro_rules", [_, TokenTree::Ident(name), ..]) => self.define(module, name),
                // A macro that makes items usually says their names.
                (_, [TokenTree::Punct(bang), TokenTree::Group(group), ..]) if bang.as_char() == '!' => {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    for pair in inner.windows(2) {
                        if let [TokenTree::Ident(keyword), TokenTree::Ident(name)] = pair
                            && ITEMS.contains(&keyword.to_string().as_str())
                        {
                            self.define(module, name);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn define(&mut self, module: &ModulePath, name: &Ident) {
        self.modules.get_mut(module).expect("declared before").items.insert(name.to_string());
    }

    /// Collects paths, wherever they stand.
    fn read(&mut self, tokens: &[TokenTree], module: &ModulePath) {
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at + 1..];
            match &tokens[at] {
                TokenTree::Ident(keyword) if keyword == "pub" && is_parenthesis(rest.first()) => at += 1,
                TokenTree::Ident(keyword) if keyword == "use" => {
                    let end = rest.iter().position(|token| is_punct(Some(token), ';')).unwrap_or(rest.len());
                    let is_reexport = is_public(&tokens[..at]);
                    self.import(&rest[..end], module, keyword.span().start().line, is_reexport);
                    at += end;
                }
                TokenTree::Ident(keyword) if keyword == "mod" => {
                    if let [TokenTree::Ident(name), TokenTree::Group(group), ..] = rest {
                        let inner: Vec<_> = group.stream().into_iter().collect();
                        self.read(&inner, &child(module, name));
                        at += 2;
                    }
                }
                TokenTree::Ident(first) => {
                    let line = first.span().start().line;
                    let path = path_of(&tokens[at..]);
                    match beginning(&tokens[..at]) {
                        Beginning::OfPath if path.len() > 1 => drop(self.refer(&path, module, line, false)),
                        Beginning::OfRootedPath => self.externals.push((module.clone(), first.to_string(), line)),
                        Beginning::OfPath | Beginning::None => {}
                    }
                }
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    if let Some(TokenTree::Group(attribute)) = rest.first() {
                        self.read_strings(attribute.stream(), module);
                    }
                }
                TokenTree::Group(group) => {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    self.read(&inner, module);
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
    }

    /// Collects paths in the strings of an attribute.
    fn read_strings(&mut self, attribute: TokenStream, module: &ModulePath) {
        for token in attribute {
            match token {
                TokenTree::Group(group) => self.read_strings(group.stream(), module),
                TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    let text = literal.to_string();
                    let path: Vec<_> = text.trim_matches('"').split("::").map(str::to_owned).collect();
                    let is_name = |name: &String| name.chars().all(|c| c.is_alphanumeric() || c == '_');
                    if path.len() > 1 && path.iter().all(is_name) {
                        self.refer(&path, module, line, false);
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    fn import(&mut self, tree: &[TokenTree], module: &ModulePath, line: usize, is_reexport: bool) {
        for Branch { path, name, is_glob } in branches(&[], tree) {
            let to = self.refer(&path, module, line, is_reexport);
            let module = self.modules.get_mut(module).expect("declared before");
            match (to, name) {
                (Some(to), None) if is_glob => module.globs.push(to),
                (to, Some(name)) => drop(module.imports.insert(name, to)),
                _ => {}
            }
        }
    }

    /// Remembers a path, if it leads into this crate; from the root.
    fn refer(&mut self, path: &[String], from: &ModulePath, line: usize, is_reexport: bool) -> Option<ModulePath> {
        let is_child = |name: &str| self.modules.get(from).is_some_and(|module| module.children.contains(name));
        let to: ModulePath = match path {
            [first, rest @ ..] if first == "crate" || first == LIBRARY => rest.to_vec(),
            [first, ..] if first == "self" || first == "super" => {
                let ups = path.iter().skip(usize::from(first == "self")).take_while(|name| *name == "super").count();
                let rest = &path[usize::from(first == "self") + ups..];
                [&from[..from.len().checked_sub(ups)?], rest].concat()
            }
            [first, ..] if is_child(first) => [from, path].concat(),
            _ => {
                let first = path.iter().find(|name| !name.is_empty())?;
                self.externals.push((from.clone(), first.clone(), line));
                return None;
            }
        };
        self.references.push(Reference { from: from.clone(), to: to.clone(), line, is_reexport });
        Some(to)
    }
}

fn child(module: &ModulePath, name: &Ident) -> ModulePath {
    [module.as_slice(), &[name.to_string()]].concat()
}

fn is_punct(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

fn is_parenthesis(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
}

fn is_double_colon(tokens: &[TokenTree]) -> bool {
    tokens.len() == 2 && tokens.iter().all(|token| is_punct(Some(token), ':'))
}

/// What an identifier begins.
enum Beginning {
    OfPath,
    /// `::name`: the path of another crate.
    OfRootedPath,
    /// It goes on with a path, or is a field or a method.
    None,
}

/// What an identifier begins, by the tokens before it.
fn beginning(before: &[TokenTree]) -> Beginning {
    let (before, last) = before.split_at(before.len().saturating_sub(2));
    if is_double_colon(last) {
        let goes_on = matches!(before.last(), Some(TokenTree::Ident(_))) || is_punct(before.last(), '>');
        return if goes_on { Beginning::None } else { Beginning::OfRootedPath };
    }
    let is_member = is_punct(last.last(), '.') && !is_punct(last.first(), '.');
    if is_member { Beginning::None } else { Beginning::OfPath }
}

/// Whether a visibility ends here: `pub`, or `pub` with a restriction.
fn is_public(before: &[TokenTree]) -> bool {
    let before = if is_parenthesis(before.last()) { &before[..before.len() - 1] } else { before };
    matches!(before.last(), Some(TokenTree::Ident(keyword)) if keyword == "pub")
}

/// The path that the tokens begin with: `a::b` of `a::b::<T>(c)`.
fn path_of(tokens: &[TokenTree]) -> Vec<String> {
    let [TokenTree::Ident(name), rest @ ..] = tokens else { return vec![] };
    let mut path = vec![name.to_string()];
    if let Some((colons, rest)) = rest.split_at_checked(2)
        && is_double_colon(colons)
    {
        path.extend(path_of(rest));
    }
    path
}

/// The branches of a `use` tree below a path.
fn branches(below: &[String], tree: &[TokenTree]) -> Vec<Branch> {
    match tree {
        [TokenTree::Punct(_), TokenTree::Punct(_), rest @ ..] if is_double_colon(&tree[..2]) => {
            // A path from the root of all crates leads out of this one.
            let rooted = [String::new()];
            branches(if below.is_empty() { &rooted } else { below }, rest)
        }
        [TokenTree::Ident(name), rest @ ..] => {
            let here = [below, &[name.to_string()]].concat();
            match rest {
                [TokenTree::Ident(_), TokenTree::Ident(alias), ..] => {
                    let name = Some(alias.to_string()).filter(|alias| alias != "_");
                    vec![Branch { path: without_self(here), name, is_glob: false }]
                }
                [] => {
                    let path = without_self(here);
                    vec![Branch { name: path.last().cloned(), path, is_glob: false }]
                }
                _ => branches(&here, rest),
            }
        }
        [TokenTree::Punct(star), ..] if star.as_char() == '*' => {
            vec![Branch { path: below.to_vec(), name: None, is_glob: true }]
        }
        [TokenTree::Group(group), ..] => {
            let inner: Vec<_> = group.stream().into_iter().collect();
            let parts = inner.split(|token| is_punct(Some(token), ','));
            parts.filter(|part| !part.is_empty()).flat_map(|part| branches(below, part)).collect()
        }
        _ => vec![],
    }
}

/// `a` for `a::self`, as `a::{self, B}` has it.
fn without_self(mut path: Vec<String>) -> Vec<String> {
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    path
}
