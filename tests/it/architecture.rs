//! The layers of the source and the imports between its files, read from the source itself.
//!
//! `cargo test --test it architecture -- --nocapture` prints what was read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, UseTree};

/// The layers of `src/`, how high each stands, and the crates that each may use besides [`PURE`]. Layers that
/// stand side by side do not import from each other.
///
/// `aws_types` and `aws_smithy_async` hold the SDK's configuration and clock, which the process passes
/// through. The crates of single services are for the aws layer alone.
const LAYERS: [(&str, usize, &[&str]); 5] = [
    ("domain", 0, &[]),
    ("dns", 1, &["dns_wire", "ring", "tokio"]),
    (
        "aws",
        1,
        &[
            "aws_credential_types",
            "aws_runtime",
            "aws_sdk_acm",
            "aws_sdk_eventbridge",
            "aws_sdk_organizations",
            "aws_sdk_route53",
            "aws_sdk_scheduler",
            "aws_sdk_sts",
            "aws_smithy_async",
            "aws_smithy_http_client",
            "aws_smithy_runtime_api",
            "aws_smithy_types",
            "aws_types",
            "futures_util",
            "rustls",
            "tokio",
            "tracing",
        ],
    ),
    ("flows", 2, &["aws_smithy_async", "futures_util", "tokio", "tracing"]),
    (
        "entry",
        3,
        &[
            "aws_lambda_events",
            "aws_smithy_async",
            "aws_types",
            "lambda_runtime",
            "maud",
            "tracing",
        ],
    ),
];

/// The crates that every layer may use: they do no I/O.
const PURE: [&str; 4] = ["chrono", "serde", "serde_json", "thiserror"];

/// The parts of the standard library that do I/O or read a clock. The domain may not use them.
const IMPURE: [&str; 7] = ["env", "fs", "io", "net", "process", "thread", "time"];

/// The most floors that `src/` may have: the length of its longest chain of imports.
const FLOORS: usize = 11;

#[test]
fn arrows_between_layers_run_down_only() {
    for arrow in &Tree::rust("src").arrows {
        let layer = |module: &str| {
            let top = module.split("::").next().unwrap_or_default().to_owned();
            let height =
                LAYERS.iter().find(|(layer, ..)| *layer == top).map(|(_, height, _)| *height);
            (height.unwrap_or(usize::MAX), top)
        };
        let (from, to) = (layer(&arrow.from), layer(&arrow.to));
        assert!(from == to || from.0 > to.0, "an arrow runs up or aside: {arrow}");
    }
}

#[test]
fn a_layer_uses_only_the_crates_that_it_may() {
    let dependencies = dependencies();
    let tree = Tree::rust("src");
    for (layer, _, allowed) in LAYERS {
        let of_layer = |arrow: &&Arrow| arrow.from.split("::").next() == Some(layer);
        for arrow in tree.outside.iter().filter(of_layer) {
            let mut path = arrow.to.split("::");
            let (krate, module) = (path.next().unwrap_or_default(), path.next());
            let impure = layer == "domain"
                && krate == "std"
                && module.is_some_and(|module| IMPURE.contains(&module));
            let foreign =
                dependencies.contains(krate) && !PURE.contains(&krate) && !allowed.contains(&krate);
            assert!(!impure && !foreign, "the layer {layer} may not use this: {arrow}");
        }
    }
}

#[test]
fn no_imports_run_in_a_circle() {
    check_no_circle(&Tree::rust("src"));
    check_no_circle(&Tree::rust("sim/src"));
    check_no_circle(&Tree::rust("dst/src"));
    check_no_circle(&Tree::typescript());
}

#[track_caller]
fn check_no_circle(tree: &Tree) {
    let stuck: Vec<_> =
        tree.arrows.iter().filter(|it| tree.is_in_circle(it)).map(Arrow::to_string).collect();
    assert!(stuck.is_empty(), "imports run in a circle:\n{}", stuck.join("\n"));
    let Tree { root, modules, arrows, .. } = tree;
    println!("{root}: no circle in {} imports of {} files", arrows.len(), modules.len());
}

#[test]
fn the_longest_chain_of_imports_is_limited() {
    let mut tree = Tree::rust("src");
    // The process stands on the library, and the root of the library declares its modules only.
    for root in ["", "main"] {
        tree.modules.remove(root);
    }
    let floors = tree.floors();
    assert!(floors <= FLOORS, "{floors} floors: {}", tree.longest_chain().join(" → "));
    println!("src: {floors} floors: {}", tree.longest_chain().join(" → "));
}

/// The modules below a folder, one for each file, and the imports between them.
struct Tree {
    root: String,
    modules: BTreeMap<String, PathBuf>,
    /// Imports from one module to another.
    arrows: Vec<Arrow>,
    /// Imports from other crates.
    outside: Vec<Arrow>,
}

/// An import, and where it is written.
#[derive(Clone)]
struct Arrow {
    from: String,
    to: String,
    file: PathBuf,
    line: usize,
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} → {}", self.file.display(), self.line, self.from, self.to)
    }
}

impl Tree {
    /// The modules of a crate, without its tests.
    fn rust(root: &str) -> Self {
        let files = files(Path::new(root), "rs");
        let modules: BTreeMap<_, _> =
            files.into_iter().map(|file| (module(root, &file), file)).collect();
        let modules: BTreeMap<_, _> = modules
            .into_iter()
            .filter(|(module, _)| !module.split("::").any(|part| part == "tests"))
            .collect();
        let mut tree =
            Self { root: root.to_owned(), modules, arrows: Vec::new(), outside: Vec::new() };
        for (from, file) in tree.modules.clone() {
            let source = fs::read_to_string(&file).expect("a source file");
            let mut imports = Imports::default();
            imports.visit_file(&syn::parse_file(&source).expect("Rust"));
            for (path, line) in imports.0 {
                tree.add(Arrow { from: from.clone(), to: path, file: file.clone(), line });
            }
        }
        tree
    }

    /// The files of the CDK library.
    fn typescript() -> Self {
        let root = "infra/cdk/lib";
        let files = files(Path::new(root), "ts");
        let modules: BTreeMap<_, _> =
            files.into_iter().map(|file| (module(root, &file), file)).collect();
        let mut arrows = Vec::new();
        for (from, file) in &modules {
            let source = fs::read_to_string(file).expect("a source file");
            for (index, line) in source.lines().enumerate() {
                let Some((_, import)) = line.split_once(" from './") else { continue };
                let to = import.split('\'').next().unwrap_or_default().replace('/', "::");
                let file = file.clone();
                arrows.push(Arrow { from: from.clone(), to, file, line: index + 1 });
            }
        }
        Self { root: root.to_owned(), modules, arrows, outside: Vec::new() }
    }

    /// Adds an import by its path as it is written.
    fn add(&mut self, arrow: Arrow) {
        let mut path: Vec<&str> = arrow.to.split("::").collect();
        let mut base: Vec<&str> = arrow.from.split("::").filter(|part| !part.is_empty()).collect();
        match path[0] {
            "crate" | "acm_dns_validator" => base.clear(),
            "self" => {}
            "super" => drop(base.pop()),
            child
                if self
                    .modules
                    .contains_key([&base[..], &[child]].concat().join("::").as_str()) =>
            {
                path.insert(0, "self");
            }
            _ => return self.outside.push(arrow),
        }
        path.remove(0);
        while path.first() == Some(&"super") {
            path.remove(0);
            base.pop();
        }
        base.extend(path);
        let found = (0..=base.len())
            .rev()
            .map(|length| base[..length].join("::"))
            .find(|module| self.modules.contains_key(module));
        if let Some(to) = found.filter(|to| *to != arrow.from) {
            self.arrows.push(Arrow { to, ..arrow });
        }
    }

    /// The longest chain of imports that begins at each module. A circle ends a chain.
    fn chains(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut chains = BTreeMap::new();
        for module in self.modules.keys() {
            self.chain(module, &mut Vec::new(), &mut chains);
        }
        chains
    }

    fn chain<'a>(
        &'a self,
        module: &'a str,
        above: &mut Vec<&'a str>,
        chains: &mut BTreeMap<&'a str, Vec<&'a str>>,
    ) -> Vec<&'a str> {
        if let Some(known) = chains.get(module) {
            return known.clone();
        }
        if above.contains(&module) || !self.modules.contains_key(module) {
            return Vec::new();
        }
        above.push(module);
        let below = self.arrows.iter().filter(|arrow| arrow.from == module);
        let longest = below.map(|arrow| self.chain(&arrow.to, above, chains));
        let longest = longest.max_by_key(Vec::len).unwrap_or_default();
        above.pop();
        let chain: Vec<_> = std::iter::once(module).chain(longest).collect();
        chains.insert(module, chain.clone());
        chain
    }

    fn longest_chain(&self) -> Vec<&str> {
        self.chains().into_values().max_by_key(Vec::len).unwrap_or_default()
    }

    fn floors(&self) -> usize {
        self.longest_chain().len()
    }

    /// Whether an import leads back to the module it comes from.
    fn is_in_circle(&self, arrow: &Arrow) -> bool {
        let mut reached = BTreeSet::from([arrow.to.as_str()]);
        loop {
            let from_here = self.arrows.iter().filter(|it| reached.contains(it.from.as_str()));
            let more: BTreeSet<_> = from_here.map(|it| it.to.as_str()).collect();
            if more.is_subset(&reached) {
                return reached.contains(arrow.from.as_str());
            }
            reached.extend(more);
        }
    }
}

/// The paths that a file names, except in its tests, with their lines.
#[derive(Default)]
struct Imports(Vec<(String, usize)>);

impl<'ast> Visit<'ast> for Imports {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !attributes.iter().any(is_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.visit_tree(&item.tree, "");
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|it| it.ident.to_string()).collect();
        if names.len() > 1 {
            let line = path.segments[0].ident.span().start().line;
            self.0.push((names.join("::"), line));
        }
        visit::visit_path(self, path);
    }
}

impl Imports {
    fn visit_tree(&mut self, tree: &UseTree, above: &str) {
        let join = |name: &syn::Ident| match above {
            "" => name.to_string(),
            above => format!("{above}::{name}"),
        };
        let (path, name) = match tree {
            UseTree::Path(path) => return self.visit_tree(&path.tree, &join(&path.ident)),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.visit_tree(tree, above));
            }
            UseTree::Name(name) if name.ident == "self" => (above.to_owned(), &name.ident),
            UseTree::Name(name) => (join(&name.ident), &name.ident),
            UseTree::Rename(rename) => (join(&rename.ident), &rename.ident),
            UseTree::Glob(glob) => {
                return self.0.push((above.to_owned(), glob.star_token.spans[0].start().line));
            }
        };
        self.0.push((path, name.span().start().line));
    }
}

fn is_test(attribute: &Attribute) -> bool {
    let is_cfg_test = |list: &syn::MetaList| list.tokens.to_string() == "test";
    attribute.path().is_ident("cfg") && attribute.meta.require_list().is_ok_and(is_cfg_test)
}

/// The module that a file holds: `domain::zone` of `src/domain/zone/mod.rs`.
fn module(root: &str, file: &Path) -> String {
    let path = file.strip_prefix(root).expect("below the root").with_extension("");
    let mut names: Vec<_> = path.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|name| name == "mod" || name == "lib") {
        names.pop();
    }
    names.join("::")
}

/// All files below a folder with this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = folder.read_dir().expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path, ending),
            false if path.extension().is_some_and(|it| it == ending) => vec![path],
            false => Vec::new(),
        })
        .collect()
}

/// The crates that the function depends on, as code spells them.
fn dependencies() -> BTreeSet<String> {
    let manifest = fs::read_to_string("Cargo.toml").expect("the manifest");
    let section = manifest.split("\n[dependencies]\n").nth(1).expect("dependencies");
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split(['.', ' ', '=']).next());
    names.filter(|name| !name.is_empty()).map(|name| name.replace('-', "_")).collect()
}
