//! The size of the house in figures, printed by
//! `cargo test --test it -- --nocapture architecture::figures`.
//!
//! What bounds them stands in the other tests: files and functions in `architecture`, names in `names`. A
//! dead arm is one that says of itself that it cannot be reached; here there is none.

use super::source::{Source, sources};
use super::{FILE_LINES_MAX, FUNCTION_LINES_LONG, longer, names, planted};

/// What an arm that is never reached is written with.
const DEAD: &[&str] = &["never_asked", "todo", "unimplemented", "unreachable"];

#[test]
fn no_arm_is_dead() {
    let sources = sources();
    let dead: Vec<String> = sources.iter().flat_map(dead_arms).collect();
    let product = sources.iter().filter(|file| !file.is_tests());
    let lines: Vec<usize> = product.map(|file| file.text.lines().count()).collect();
    let lengths: Vec<usize> = sources
        .iter()
        .flat_map(|file| file.functions().into_iter().map(|function| function.lines))
        .collect();
    let long: Vec<String> =
        sources.iter().flat_map(|file| longer(file, FUNCTION_LINES_LONG)).collect();
    println!(
        "{} files, {} over {FILE_LINES_MAX} lines, the longest {}",
        lines.len(),
        lines.iter().filter(|lines| **lines > FILE_LINES_MAX).count(),
        lines.iter().max().expect("a file"),
    );
    println!(
        "{} functions, {} over {FUNCTION_LINES_LONG} lines, the longest {}",
        lengths.len(),
        long.len(),
        lengths.iter().max().expect("a function"),
    );
    long.iter().for_each(|function| println!("  {function}"));
    println!("{} type names with more than one meaning", names::others(&sources).len());
    println!("{} dead arms", dead.len());
    assert_eq!(dead, [""; 0]);
}

/// Arms, or whatever else, that say that they are never reached.
fn dead_arms(file: &Source) -> Vec<String> {
    if file.is_tests() {
        return Vec::new();
    }
    let tokens = file.tokens();
    let pairs = tokens.iter().zip(tokens.iter().skip(1)).filter(|(word, _)| !word.within.tests);
    let dead = pairs.filter(|(word, next)| {
        DEAD.contains(&word.text.as_str()) && (next.text == "!" || word.text == "never_asked")
    });
    dead.map(|(word, _)| file.violation(word.line, &word.text)).collect()
}

#[test]
fn planted_dead_arms_are_found() {
    let text = "fn f() {\n    match x { A => 1, B => unreachable!(\"why\"), C => never_asked() }\n    \
                unreachable(1);\n}\n#[cfg(test)]\nmod tests { fn g() { todo!() } }\n";
    let found = dead_arms(&planted("src/hub/x.rs", text));
    assert_eq!(found, ["src/hub/x.rs:2: unreachable", "src/hub/x.rs:2: never_asked"]);
}
