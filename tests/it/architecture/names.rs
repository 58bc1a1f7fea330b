//! One type name, one meaning: counts the names of types that are defined more than once.
//!
//! Only what has a path counts: types inside functions and associated types have none.

use std::collections::BTreeMap;

use syn::Item;

use super::planted;
use super::source::{Source, is_for_tests, sources};

/// Names that may be there more than once, since a path says which one is meant.
const MAY_REPEAT: &[&str] = &[
    // Each module has its own, and is asked for it by the module's name: `ws::Settings`.
    "Settings",
    // What a query reads, private to its file, and no more than the query's own text.
    "Row", "RowType",
];

#[test]
fn a_type_name_has_one_meaning() {
    let sources = sources();
    let repeated = repeated(&sources);
    for name in MAY_REPEAT {
        assert!(repeated.contains_key(*name), "{name} is there once: take it off the list");
    }
    let others = others(&sources);
    assert!(others.is_empty(), "give one of them another name:\n{}\n", others.join("\n"));
}

/// The names that are defined more than once and may not be, with the places.
pub fn others(sources: &[Source]) -> Vec<String> {
    let repeated = repeated(sources);
    let others = repeated.iter().filter(|(name, _)| !MAY_REPEAT.contains(&name.as_str()));
    others.map(|(name, places)| format!("{name}: {}", places.join(" "))).collect()
}

/// The names that are defined more than once, with the places.
fn repeated(sources: &[Source]) -> BTreeMap<String, Vec<String>> {
    let mut places = BTreeMap::<String, Vec<String>>::new();
    for file in sources.iter().filter(|file| !file.is_tests()) {
        for (line, name) in types(file) {
            places.entry(name).or_default().push(format!("{}:{line}", file.path));
        }
    }
    places.retain(|_, places| places.len() > 1);
    places
}

/// The types that the modules of a file define, outside of tests.
fn types(file: &Source) -> Vec<(usize, String)> {
    fn gather(items: &[Item], found: &mut Vec<(usize, String)>) {
        for item in items {
            let name = match item {
                Item::Struct(item) => &item.ident,
                Item::Enum(item) => &item.ident,
                Item::Union(item) => &item.ident,
                Item::Trait(item) => &item.ident,
                Item::Type(item) => &item.ident,
                Item::Mod(module) => {
                    if let Some((_, items)) = &module.content
                        && !module.attrs.iter().any(is_for_tests)
                    {
                        gather(items, found);
                    }
                    continue;
                }
                _ => continue,
            };
            found.push((name.span().start().line, name.to_string()));
        }
    }
    let mut found = Vec::new();
    match syn::parse_file(&file.text) {
        Ok(parsed) => gather(&parsed.items, &mut found),
        Err(fault) => panic!("{}: {fault}", file.path),
    }
    found
}

#[test]
fn planted_types_are_found_where_they_have_a_path() {
    let text = "//! Types.\npub struct A<T>(T);\nenum B { X, Y }\nmod inner {\n    pub trait C {\n        \
                type D;\n    }\n}\ntype E = B;\nfn f() {\n    struct G;\n}\nimpl C for A<u8> {\n    \
                type D = B;\n}\n#[cfg(test)]\nmod tests {\n    struct H;\n}\n// struct I;\n";
    let found = types(&planted("src/hub/x.rs", text));
    let expected = [(2, "A"), (3, "B"), (5, "C"), (9, "E")].map(|(at, name)| (at, name.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn names_are_repeated_over_files_and_within_one() {
    let files = [
        planted("src/a.rs", "struct A; struct B; mod c { struct B; }"),
        planted("src/b.rs", "enum A {} struct D;"),
        planted("src/d_tests.rs", "struct D;"),
    ];
    let found: Vec<String> = repeated(&files).into_keys().collect();
    assert_eq!(found, ["A", "B"]);
}
