//! What looks like a setting and is none: variables of another spelling, files of another name.

use std::fs;
use std::path::{Path, PathBuf};

use super::Config;
use crate::config::{ENV_PREFIX, FILE_DEFAULT};

/// The file that [`Config::load`] reads, if there is one.
pub fn file(named: Option<&Path>) -> Option<PathBuf> {
    named.map(Path::to_owned).or_else(|| {
        let default = Path::new(FILE_DEFAULT);
        default.exists().then(|| default.to_owned())
    })
}

/// Variables that are no settings, and whose names without underscores are those of settings: one
/// line each.
pub fn variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let known: Vec<_> = Config::keys().into_iter().map(|key| (bare(&key), key)).collect();
    let is_ours = |name: &String| name.starts_with(ENV_PREFIX);
    let mut remarks: Vec<String> = names
        .filter(|name| !is_ours(name))
        .filter_map(|name| {
            let meant = bare(&name).strip_prefix("tradewind").map(str::to_owned)?;
            let (_, key) = known.iter().find(|(bare, _)| *bare == meant)?;
            let right = format!("{ENV_PREFIX}{}", key.to_ascii_uppercase().replace('.', "__"));
            Some(format!("{name}: this variable sets nothing; {key} is set by {right}"))
        })
        .collect();
    remarks.sort();
    remarks
}

/// Files in a folder that were probably meant to be read, where none was.
pub fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut remarks: Vec<String> = names
        .filter(|name| is_misnamed(name))
        .map(|name| format!("{name}: this file is not read; it would be as {FILE_DEFAULT}"))
        .collect();
    remarks.sort();
    remarks
}

/// `Tradewind.toml`, `tradewind.toml.txt`, `.tradewind.toml`, `tradewind.yaml`, `config.toml` …
fn is_misnamed(name: &str) -> bool {
    const ENDINGS: [&str; 9] =
        ["toml", "tml", "conf", "cfg", "ini", "yaml", "yml", "json", "toml.txt"];
    let lower = name.to_lowercase();
    let plain = lower.trim_start_matches('.');
    let (stem, ending) = plain.split_once('.').unwrap_or((plain, ""));
    let is_ours = matches!(stem, "tradewind" | "trade-wind" | "trade_wind");
    name != FILE_DEFAULT && (plain == "config.toml" || (is_ours && ENDINGS.contains(&ending)))
}

fn bare(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '.' | '-')).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str) -> usize {
        variables(std::iter::once(name.to_owned())).len()
    }

    #[test]
    fn variables_with_other_underscores_are_named() {
        for name in [
            "TRADEWIND_HTTP_BIND",
            "TRADEWIND_HTTP__BIND",
            "TRADEWIND_STORE_URL",
            "tradewind__http__bind",
            "TRADEWINDHTTP__BIND",
            "TRADEWIND_REWIND_HEARTBEAT_TIMEOUT_MS",
        ] {
            assert_eq!(told(name), 1, "{name}");
        }
        for name in ["TRADEWIND", "TRADEWIND_TEST_POSTGRES", "TRADEWIND__HTTP__BIND", "HTTP_BIND"] {
            assert_eq!(told(name), 0, "{name}");
        }
        let [remark] = &variables(std::iter::once("TRADEWIND_HTTP_BIND".to_owned()))[..] else {
            panic!("one remark");
        };
        assert!(remark.ends_with("http.bind is set by TRADEWIND__HTTP__BIND"), "{remark}");
    }

    #[test]
    fn files_of_other_names_are_named() {
        for name in [
            "Tradewind.toml",
            "tradewind.toml.txt",
            ".tradewind.toml",
            "tradewind.tml",
            "tradewind.yaml",
            "tradewind.conf",
            "TRADEWIND.TOML",
            "config.toml",
        ] {
            assert!(is_misnamed(name), "{name}");
        }
        for name in ["tradewind.toml", "tradewind.db", "tradewind", "Cargo.toml", "tradewind.log"] {
            assert!(!is_misnamed(name), "{name}");
        }
    }
}
