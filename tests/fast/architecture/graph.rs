//! The modules of the crate, what their paths resolve to, and circles of imports between the entries of a folder.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::parser::{Module, Parsed, Reference, parse};
use super::source::{ModulePath, Source};

/// `mod.rs` of a folder, beside its modules.
const OWN: &str = "mod.rs";
/// A re-export of a re-export of …
const DEPTH: usize = 16;

/// All files of the crate, parsed.
pub struct Crate {
    sources: Vec<(Source, Parsed)>,
    modules: BTreeMap<ModulePath, Module>,
}

/// A use of one entry of a folder by another.
type Uses = BTreeMap<String, BTreeMap<String, String>>;

impl Crate {
    pub fn of(sources: Vec<Source>) -> Self {
        let sources: Vec<_> = sources
            .into_iter()
            .map(|source| {
                let parsed = parse(source.tokens(), &source.module());
                (source, parsed)
            })
            .collect();
        let mut modules = BTreeMap::<_, Module>::new();
        for (path, module) in sources.iter().flat_map(|(_, parsed)| &parsed.modules) {
            let known = modules.entry(path.clone()).or_default();
            known.children.extend(module.children.iter().cloned());
            known.items.extend(module.items.iter().cloned());
            known.imports.extend(module.imports.clone());
            known.globs.extend(module.globs.iter().cloned());
        }
        Self { sources, modules }
    }

    pub fn sources(&self) -> impl Iterator<Item = &(Source, Parsed)> {
        self.sources.iter()
    }

    /// Whether it is the path of a module.
    pub fn is_module(&self, path: &[String]) -> bool {
        self.modules.contains_key(path)
    }

    /// The module that holds what a path means, through all re-exports; `None` if that is in another crate.
    pub fn resolve(&self, path: &[String]) -> Option<ModulePath> {
        self.resolve_to(path, DEPTH)
    }

    fn resolve_to(&self, path: &[String], depth: usize) -> Option<ModulePath> {
        let known = (0..=path.len()).rev().find(|length| self.is_module(&path[..*length]))?;
        let (module, rest) = path.split_at(known);
        let Some((name, below)) = rest.split_first() else { return Some(module.to_vec()) };
        let here = &self.modules[module];
        if here.items.contains(name) || depth == 0 {
            return Some(module.to_vec());
        }
        if let Some(target) = here.imports.get(name) {
            return self.resolve_to(&[target.as_ref()?, below].concat(), depth - 1);
        }
        let of_globs = here.globs.iter().map(|glob| [glob.as_slice(), rest].concat());
        let found = of_globs.filter_map(|path| self.resolve_to(&path, depth - 1));
        Some(found.into_iter().find(|found| found != module && self.defines(found, name)).unwrap_or(module.to_vec()))
    }

    fn defines(&self, module: &[String], name: &str) -> bool {
        self.modules.get(module).is_some_and(|module| module.items.contains(name))
    }

    /// The folders of the crate: modules that have files of their own for their children.
    fn folders(&self) -> BTreeSet<ModulePath> {
        self.sources.iter().filter_map(|(source, _)| Some(source.module().split_last()?.1.to_vec())).collect()
    }

    /// What the entries of a folder use of each other, each with one place where it does.
    fn uses(&self, folder: &[String]) -> Uses {
        let mut uses = Uses::new();
        for (source, parsed) in &self.sources {
            for reference in &parsed.references {
                let Some((from, to)) = self.edge(folder, reference) else { continue };
                let place = || format!("{} uses {}", source.at(reference.line), reference.to.join("::"));
                uses.entry(from).or_default().entry(to).or_insert_with(place);
            }
        }
        uses
    }

    /// The two entries of the folder between which a reference leads.
    fn edge(&self, folder: &[String], reference: &Reference) -> Option<(String, String)> {
        let entry = |module: &[String]| {
            let below = module.strip_prefix(folder)?;
            Some(below.first().map_or(OWN, String::as_str).to_owned())
        };
        let (from, to) = (entry(&reference.from)?, entry(&self.resolve(&reference.to)?)?);
        // A re-export in mod.rs is not a use, and unit tests may use what is above the module that they test.
        let is_own_reexport = from == OWN && reference.is_reexport;
        let is_in_tests = reference.from.iter().any(|name| name == "tests");
        (from != to && !is_own_reexport && !is_in_tests).then_some((from, to))
    }

    /// A circle of imports in each folder that has one, as lines that say where each step of it stands.
    pub fn circles(&self) -> Vec<String> {
        let folders = self.folders();
        let circles =
            folders.iter().filter_map(|folder| circle(&format!("src/{}", folder.join("/")), &self.uses(folder)));
        circles.collect()
    }
}

/// The shortest circle.
fn circle(folder: &str, uses: &Uses) -> Option<String> {
    let circles = uses.keys().filter_map(|start| way_back(uses, start));
    let shortest = circles.min_by_key(Vec::len)?;
    let steps = shortest.windows(2).map(|step| format!("  {} → {}: {}", step[0], step[1], uses[&step[0]][&step[1]]));
    Some(format!("{folder}: {}\n{}", shortest.join(" → "), steps.collect::<Vec<_>>().join("\n")))
}

/// The shortest way from an entry back to itself.
fn way_back(uses: &Uses, start: &String) -> Option<Vec<String>> {
    let mut came_from = BTreeMap::<&String, &String>::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in uses.get(at).into_iter().flat_map(BTreeMap::keys) {
            if next == start {
                let mut way = vec![start.clone()];
                let mut step = at;
                while step != start {
                    way.push(step.clone());
                    step = came_from[step];
                }
                way.push(start.clone());
                way.reverse();
                return Some(way);
            }
            if !came_from.contains_key(next) {
                came_from.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    None
}
