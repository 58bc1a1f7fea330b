//! What must have a doc comment: each module, and each `pub` item that is no field, no variant and no
//! part of a trait's implementation. A trait's own items are as public as the trait.
//!
//! rustc's `missing_docs` asks for fields and variants, too, and got comments that only repeated a name.

use syn::{AttrStyle, Attribute, Ident, ImplItem, Item, Meta, TraitItem, Visibility};

use super::planted;
use super::source::{Source, is_for_tests, sources, sources_of};

#[test]
fn what_is_public_has_a_doc_comment() {
    let files: Vec<Source> = sources().into_iter().chain(sources_of("loadtest/src")).collect();
    let missing: Vec<String> = files.iter().flat_map(undocumented).collect();
    assert!(missing.is_empty(), "say what these are for:\n{}\n", missing.join("\n"));
}

/// What a file should say more about, outside of tests.
fn undocumented(file: &Source) -> Vec<String> {
    let parsed = match syn::parse_file(&file.text) {
        Ok(parsed) => parsed,
        Err(fault) => panic!("{}: {fault}", file.path),
    };
    if file.is_tests() {
        return Vec::new();
    }
    let mut names = Vec::new();
    parsed.items.iter().for_each(|item| gather(item, &mut names));
    let mut missing: Vec<String> = names
        .into_iter()
        .map(|name| file.violation(name.span().start().line, &name.to_string()))
        .collect();
    if !has_doc(&parsed.attrs, true) {
        missing.push(file.violation(1, "the module"));
    }
    missing
}

/// Whether there is a doc comment, inside of what it is about (`//!`) or before it.
fn has_doc(attributes: &[Attribute], inside: bool) -> bool {
    attributes.iter().any(|attribute| {
        let is_doc = matches!(&attribute.meta, Meta::NameValue(pair) if pair.path.is_ident("doc"));
        is_doc && matches!(attribute.style, AttrStyle::Inner(_)) == inside
    })
}

/// Notes an item that everybody sees and nobody explains, and such items inside of it.
fn gather<'a>(item: &'a Item, found: &mut Vec<&'a Ident>) {
    let mut ask = |attributes: &[Attribute], visible: bool, name: &'a Ident| {
        if visible && !has_doc(attributes, false) && !attributes.iter().any(is_for_tests) {
            found.push(name);
        }
    };
    let is_public = |visibility: &Visibility| matches!(visibility, Visibility::Public(_));
    match item {
        Item::Const(item) => ask(&item.attrs, is_public(&item.vis), &item.ident),
        Item::Enum(item) => ask(&item.attrs, is_public(&item.vis), &item.ident),
        Item::Fn(item) => ask(&item.attrs, is_public(&item.vis), &item.sig.ident),
        Item::Static(item) => ask(&item.attrs, is_public(&item.vis), &item.ident),
        Item::Struct(item) => ask(&item.attrs, is_public(&item.vis), &item.ident),
        Item::Type(item) => ask(&item.attrs, is_public(&item.vis), &item.ident),
        Item::Union(item) => ask(&item.attrs, is_public(&item.vis), &item.ident),
        Item::Macro(item) => {
            let is_exported = item.attrs.iter().any(|it| it.path().is_ident("macro_export"));
            item.ident.iter().for_each(|name| ask(&item.attrs, is_exported, name));
        }
        Item::Trait(item) => {
            ask(&item.attrs, is_public(&item.vis), &item.ident);
            for part in &item.items {
                match part {
                    TraitItem::Const(it) => ask(&it.attrs, is_public(&item.vis), &it.ident),
                    TraitItem::Fn(it) => ask(&it.attrs, is_public(&item.vis), &it.sig.ident),
                    TraitItem::Type(it) => ask(&it.attrs, is_public(&item.vis), &it.ident),
                    _ => {}
                }
            }
        }
        Item::Impl(item) if !item.attrs.iter().any(is_for_tests) => {
            for part in &item.items {
                match part {
                    ImplItem::Const(it) => ask(&it.attrs, is_public(&it.vis), &it.ident),
                    ImplItem::Fn(it) => ask(&it.attrs, is_public(&it.vis), &it.sig.ident),
                    _ => {}
                }
            }
        }
        Item::Mod(module) if !module.attrs.iter().any(is_for_tests) => {
            if let Some((_, items)) = &module.content {
                let explained = has_doc(&module.attrs, true);
                ask(&module.attrs, is_public(&module.vis) && !explained, &module.ident);
                items.iter().for_each(|item| gather(item, found));
            }
        }
        _ => {}
    }
}

#[test]
fn planted_items_without_a_doc_comment_are_found() {
    let text = "pub struct A { pub a: u8 }\n/// A B.\npub enum B { X }\npub(crate) struct C;\nenum D {}\n\
                impl B {\n    pub const E: u8 = 1;\n    pub fn f() {}\n    fn g() {}\n}\n\
                impl T for B {\n    type H = u8;\n    fn i() {}\n}\n\
                /// A J.\npub trait J {\n    fn k();\n}\ntrait L {\n    fn m();\n}\n\
                #[macro_export]\nmacro_rules! n { () => {}; }\nmod o {\n    //! An O.\n    pub fn p() {}\n}\n\
                pub type Q = u8;\n#[cfg(test)]\nmod tests {\n    pub fn r() {}\n}\n// Not a doc.\npub fn s() {}\n";
    let found = undocumented(&planted("src/hub/x.rs", text));
    let expected = [
        (1, "A"),
        (7, "E"),
        (8, "f"),
        (17, "k"),
        (23, "n"),
        (26, "p"),
        (28, "Q"),
        (34, "s"),
        (1, "the module"),
    ]
    .map(|(line, name)| format!("src/hub/x.rs:{line}: {name}"));
    assert_eq!(found, expected);
    let documented = planted("src/hub/x.rs", "//! X.\n/// A.\npub struct A;\npub use a::B;\n");
    assert_eq!(undocumented(&documented), [""; 0]);
    assert_eq!(undocumented(&planted("src/hub/tests.rs", text)), [""; 0]);
}
