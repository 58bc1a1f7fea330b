//! Our source, as far as rules are about it: which paths and names a file says, and how long its
//! functions are.
//!
//! Paths and names are read from tokens, so that those in the arguments of macros count like all
//! others; functions from the syntax tree.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Block, ImplItemFn, ItemFn, ItemMod, Meta, Signature, TraitItemFn};

/// The folder of the package.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A source file.
pub struct Source {
    /// Below the root, such as `src/hub/mod.rs`.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// All files of the package's library and program.
pub fn sources() -> Vec<Source> {
    let found = sources_of("src");
    assert!(found.len() > 100, "the source was found");
    found
}

/// All files of a folder below the root.
pub fn sources_of(folder: &str) -> Vec<Source> {
    fn walk(folder: PathBuf, found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("text");
                let below = path.strip_prefix(root()).expect("below the root");
                found.push(Source { path: below.to_str().expect("a name").to_owned(), text });
            }
        }
    }
    let mut found = Vec::new();
    walk(root().join(folder), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

impl Source {
    /// The module of `lib.rs` it belongs to; `lib` and `main` for the roots themselves.
    pub fn module(&self) -> &str {
        let below = self.path.strip_prefix("src/").expect("a source");
        below.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// Whether the whole file is tests.
    pub fn is_tests(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.ends_with("_tests.rs")
    }

    /// How many modules deep it lies: `src/clock.rs` 1, `src/hub/mod.rs` 1, `src/hub/x.rs` 2.
    fn depth(&self) -> usize {
        let segments = self.path.split('/').count() - 1;
        let own = ["/mod.rs", "src/lib.rs", "src/main.rs"];
        let depth = segments - usize::from(own.iter().any(|end| self.path.ends_with(end)));
        // `machine_tests.rs` is `machine::tests`, by its `#[path]`.
        depth + usize::from(self.path.ends_with("_tests.rs"))
    }

    /// A line for the list of what is wrong.
    pub fn violation(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    /// All tokens but literals and comments.
    pub fn tokens(&self) -> Vec<Token> {
        let stream: TokenStream = match self.text.parse() {
            Ok(stream) => stream,
            Err(fault) => panic!("{}: {fault}", self.path),
        };
        let mut found = Vec::new();
        flatten(stream, Within::default(), &mut found);
        found
    }

    /// Every path into the crate that the file names, with its line, such as `store::chat::users`.
    pub fn uses(&self) -> Vec<(usize, String)> {
        let tokens = self.tokens();
        let mut found = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let chained = at > 0 && tokens[at - 1].text == "::";
            // `$crate` is this crate too; `tradewind` is how the binary calls it.
            let supers = tokens[at..].iter().step_by(2).take_while(|it| it.text == "super").count();
            let skip = match token.text.as_str() {
                "crate" | "tradewind" if !chained => 1,
                // A chain of `super` that ends at the root.
                "super" if !chained && supers >= self.depth() + token.within.modules => {
                    2 * supers - 1
                }
                _ => continue,
            };
            if tokens.get(at + skip).is_some_and(|next| next.text == "::") {
                tree(&tokens[at + skip + 1..], "", &mut found);
            }
        }
        found
    }

    /// The functions with a body, outside of tests.
    pub fn functions(&self) -> Vec<Function> {
        let file = match syn::parse_file(&self.text) {
            Ok(file) => file,
            Err(fault) => panic!("{}: {fault}", self.path),
        };
        let mut functions = Functions { text: self.text.lines().collect(), found: Vec::new() };
        if !self.is_tests() {
            functions.visit_file(&file);
        }
        functions.found
    }
}

/// A name, a `::`, or any other sign.
pub struct Token {
    /// As it is written.
    pub text: String,
    /// Where it begins, from 1.
    pub line: usize,
    /// In which modules of its file it is.
    pub within: Within,
}

impl Token {
    fn is_name(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    }
}

/// The inline modules around a token.
#[derive(Clone, Copy, Default)]
pub struct Within {
    /// How many there are.
    modules: usize,
    /// Whether one of them is for tests.
    pub tests: bool,
}

/// Takes the groups of a stream apart.
fn flatten(stream: TokenStream, within: Within, found: &mut Vec<Token>) {
    let mut joint = false;
    // Whether `#[cfg(test)]` stands before the item that is being read.
    let mut tests = false;
    for part in stream {
        let line = part.span().start().line;
        let is_double = std::mem::take(&mut joint);
        match part {
            TokenTree::Group(group) => {
                tests |= is_cfg_test(&group);
                let is_module = group.delimiter() == Delimiter::Brace
                    && found.len().checked_sub(2).is_some_and(|at| found[at].text == "mod");
                let inside = Within {
                    modules: within.modules + usize::from(is_module),
                    tests: within.tests || is_module && tests,
                };
                tests &= group.delimiter() != Delimiter::Brace;
                enclose(&group, inside, found);
            }
            TokenTree::Punct(sign) if is_double && sign.as_char() == ':' => {
                found.last_mut().expect("the first colon").text.push(':');
            }
            TokenTree::Punct(sign) => {
                joint = sign.as_char() == ':' && sign.spacing() == Spacing::Joint;
                tests &= sign.as_char() != ';';
                found.push(Token { text: sign.as_char().to_string(), line, within });
            }
            TokenTree::Ident(name) => found.push(Token { text: name.to_string(), line, within }),
            TokenTree::Literal(_) => {}
        }
    }
}

fn enclose(group: &Group, inside: Within, found: &mut Vec<Token>) {
    let (open, close) = match group.delimiter() {
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::None => ("", ""),
    };
    let sign = |text: &str, line| Token { text: text.to_owned(), line, within: inside };
    found.push(sign(open, group.span_open().start().line));
    flatten(group.stream(), inside, found);
    found.push(sign(close, group.span_close().start().line));
}

fn is_cfg_test(group: &Group) -> bool {
    group.delimiter() == Delimiter::Bracket
        && group.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// Reads a use tree (a path is one, too) and returns how many tokens it has.
fn tree(tokens: &[Token], prefix: &str, found: &mut Vec<(usize, String)>) -> usize {
    let mut path = prefix.to_owned();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if token.text == "{" {
            at += 1;
            while tokens.get(at).is_some_and(|token| token.text != "}") {
                let read = tree(&tokens[at..], &path, found);
                at += read.max(1);
                while tokens.get(at).is_some_and(|token| token.text != "," && token.text != "}") {
                    // `as name`.
                    at += 1;
                }
                at += usize::from(tokens.get(at).is_some_and(|token| token.text == ","));
            }
            return at + 1;
        }
        if token.is_name() && token.text != "self" {
            path += if path.is_empty() { "" } else { "::" };
            path += &token.text;
        }
        at += 1;
        if tokens.get(at).is_none_or(|next| next.text != "::") {
            found.push((token.line, path));
            return at;
        }
        at += 1;
    }
    at
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name alone.
    pub name: String,
    /// Where its signature begins, from 1.
    pub line: usize,
    /// The lines of its body, counted as clippy does: without blank ones and comments.
    pub lines: usize,
}

/// Gathers them.
struct Functions<'a> {
    text: Vec<&'a str>,
    found: Vec<Function>,
}

impl Functions<'_> {
    fn note(&mut self, signature: &Signature, body: &Block) {
        let line = signature.fn_token.span.start().line;
        let braces = body.brace_token.span;
        // Counted from 0, the line after the first brace has the number of the brace's own.
        let inside = braces.open().start().line..braces.close().start().line - 1;
        let is_code = |line: &&&str| {
            let line = line.trim_start();
            !line.is_empty() && !line.starts_with("//")
        };
        let lines = self.text.get(inside).unwrap_or_default().iter().filter(is_code).count();
        self.found.push(Function { name: signature.ident.to_string(), line, lines });
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !module.attrs.iter().any(is_for_tests) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.note(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.note(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(body) = &function.default {
            self.note(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

/// Whether it is `#[cfg(test)]`.
pub fn is_for_tests(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        Meta::Path(_) | Meta::NameValue(_) => false,
    }
}
