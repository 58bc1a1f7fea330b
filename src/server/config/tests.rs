use std::fs;
use std::iter;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::http::pubsub::pushes::settings::PushAuth;
use crate::store::Durability;

struct File {
    path: PathBuf,
    _folder: TempDir,
}

fn file(text: &str) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tradewind.toml");
    fs::write(&path, text).unwrap();
    File { path, _folder: folder }
}

fn pairs(items: &[(&str, &str)]) -> Vec<(String, String)> {
    items.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn load(text: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, String> {
    let file = file(text);
    Config::load(Some(&file.path), pairs(env).into_iter(), &pairs(flags)).map_err(|fault| {
        fault.to_string().replace(&file.path.display().to_string(), "tradewind.toml")
    })
}

fn fault_of(key: &str, value: &str) -> Option<String> {
    load("", &[], &[(key, value)]).err()
}

#[test]
fn the_committed_file_is_the_default_and_loads_as_such() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/tradewind.toml");
    let hint = "write it anew: tradewind config default > config/tradewind.toml";
    assert_eq!(fs::read_to_string(&path).unwrap(), Config::default_toml(), "{hint}");
    let loaded = Config::load(Some(&path), iter::empty(), &[]).unwrap();
    assert_eq!(loaded, Config::default());
    loaded.validate().unwrap();
}

#[test]
fn every_setting_of_the_default_file_is_documented() {
    let text = Config::default_toml();
    let lines: Vec<_> = text.lines().collect();
    for pair in lines.windows(2) {
        if !pair[1].is_empty() && !pair[1].starts_with('#') {
            assert!(pair[0].starts_with("# "), "{:?} has no comment above", pair[1]);
        }
    }
}

#[test]
fn flags_over_environment_over_file_over_defaults() {
    let text = "[http]\nbind = \"1.1.1.1:1\"\nworkers = 1\nbody_bytes_max = 1\n";
    let env = [
        ("TRADEWIND__HTTP__BIND", "2.2.2.2:2"),
        ("TRADEWIND__HTTP__WORKERS", "2"),
        ("TRADEWIND__AUTH__ALLOWED_EMAIL_DOMAINS", "a.example, b.example,"),
        ("TRADEWIND__LIMITS__ENABLED", "false"),
        ("TRADEWIND__STORE__DURABILITY", "relaxed"),
        ("TRADEWIND_HOME", "not ours"),
        ("PATH", "/bin"),
    ];
    let config = load(text, &env, &[("http.bind", "3.3.3.3:3")]).unwrap();
    assert_eq!(config.http.bind, "3.3.3.3:3");
    assert_eq!(config.http.workers, 2);
    assert_eq!(config.http.body_bytes_max, 1);
    assert_eq!(config.auth.allowed_email_domains, ["a.example", "b.example"]);
    assert!(!config.limits.enabled);
    assert_eq!(config.store.durability, Durability::Relaxed);
    assert_eq!(config.ws, session::Settings::default());
}

#[test]
fn unknown_keys_are_named_with_their_origin() {
    let one_line = |text: &str, env: &[_], flags: &[_]| load(text, env, flags).unwrap_err();
    assert_eq!(one_line("[http]\nbnd = 1", &[], &[]), "tradewind.toml: unknown key \"http.bnd\"");
    assert_eq!(one_line("[htp]\nbind = 1", &[], &[]), "tradewind.toml: unknown key \"htp.bind\"");
    assert_eq!(one_line("bind = 1", &[], &[]), "tradewind.toml: unknown key \"bind\"");
    assert_eq!(one_line("[HTTP]\nbind = 1", &[], &[]), "tradewind.toml: unknown key \"HTTP.bind\"");
    assert_eq!(one_line("[[http]]\nbind = 1", &[], &[]), "tradewind.toml: unknown key \"http\"");
    assert_eq!(
        one_line("", &[("TRADEWIND__HTTP__BND", "x")], &[]),
        "TRADEWIND__HTTP__BND: unknown key \"http.bnd\""
    );
    assert_eq!(one_line("", &[], &[("http.bnd", "x")]), "command line: unknown key \"http.bnd\"");
}

#[test]
fn values_of_a_wrong_type_are_named_with_their_origin() {
    for (text, line) in [
        ("[node]\nid = \"1\"", "\"node.id\" must be a whole number from 0 to 255"),
        ("[node]\nid = 256", "\"node.id\" must be a whole number from 0 to 255"),
        ("[node]\nid = 1.0", "\"node.id\" must be a whole number from 0 to 255"),
        ("[node]\nid = -1", "\"node.id\" must be a whole number from 0 to 255"),
        ("[limits]\nenabled = 1", "\"limits.enabled\" must be true or false"),
        ("[node]\nid = 99999999999999999999", "\"node.id\" must be a whole number from 0 to 255"),
        ("[http]\nbind = 8080", "\"http.bind\" must be text"),
        ("[http]\nbind = 1979-05-27", "\"http.bind\" must be text"),
        ("[http.bind]\nport = 1", "\"http.bind\" must be text"),
        ("[http]\nallowed_origins = \"x\"", "\"http.allowed_origins\" must be a list of texts"),
        (
            "[store]\ndurability = \"fast\"",
            "\"store.durability\" must be \"synced\" or \"relaxed\"",
        ),
        ("[dm]\naudience = \"Friends\"", "\"dm.audience\" must be \"anyone\" or \"friends\""),
        (
            "[rewind]\ndefault_compat = 1",
            "\"rewind.default_compat\" must be \"readme\" or \"wind\"",
        ),
    ] {
        assert_eq!(load(text, &[], &[]).unwrap_err(), format!("tradewind.toml: {line}"));
    }
    assert_eq!(
        load("", &[("TRADEWIND__LIMITS__ENABLED", "maybe")], &[]).unwrap_err(),
        "TRADEWIND__LIMITS__ENABLED: \"limits.enabled\" must be true or false"
    );
}

#[test]
fn every_fault_has_its_line() {
    let text = "[http]\nbnd = 1\nworkers = true\n[node]\nid = 32";
    let fault = load(text, &[], &[]).unwrap_err();
    let lines: Vec<_> = fault.lines().collect();
    assert_eq!(lines.len(), 3, "{fault}");
    assert_eq!(lines[2], "tradewind.toml: \"node.id\" must be at most 31");
}

#[test]
fn no_quantity_but_those_named_may_be_zero() {
    let mut section = "";
    let text = Config::default_toml();
    let mut checked = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if let Some((key, value)) = line.split_once(" = ")
            && value.parse::<u64>().is_ok()
        {
            let key = format!("{section}.{key}");
            let zero_is_fine = matches!(
                key.as_str(),
                "http.workers"
                    | "node.id"
                    | "store.mmap_mib"
                    | "store.room_min_kib"
                    | "store.lost_grace_ms"
                    | "presence.offline_grace_ms"
            );
            assert_eq!(fault_of(&key, "0").is_none(), zero_is_fine, "{key}");
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked}");
}

#[test]
fn addresses_and_urls_are_checked() {
    for (key, good, bad) in [
        ("http.bind", vec!["0.0.0.0:0", "[::1]:80"], vec!["localhost:80", "1.2.3.4", ""]),
        (
            "http.public_url",
            vec!["", "http://a", "https://a.example:8443/chat/"],
            vec!["a.example", "ftp://a", "https://", "http:///x", "https://a?b", "https://a b"],
        ),
        (
            "http.allowed_origins",
            vec!["", "https://a.example,http://localhost:3000", "capacitor://localhost"],
            vec!["*", "null", "a.example", "https://a.example/", "https://", "file://"],
        ),
        (
            "store.url",
            vec!["sqlite://x.db", "postgres://u:p@h/d", "postgresql://h/d"],
            vec!["x.db", "mysql://h/d", "sqlite:x.db", "sqlite://"],
        ),
        (
            "mail.url",
            vec!["file:///var/outbox", "smtp://h", "smtps://u:p@h:465"],
            vec!["outbox", "http://h", ""],
        ),
        ("mail.from", vec!["a@b.example", "A B <a@b.example>"], vec!["", "nobody", "A <a>"]),
        ("mail.product", vec!["Harbour", "항구", "a b"], vec!["", " ", "a\nb", &"x".repeat(61)]),
        ("auth.allowed_email_domains", vec!["", "a.example"], vec!["@a.example", "a b"]),
        ("auth.secret_file", vec!["x"], vec!["", " "]),
        ("log.filter", vec!["info", "warn,tradewind=debug", "off"], vec!["loud", "", "a=b"]),
        ("node.id", vec!["31"], vec!["32"]),
        ("ws.frame_bytes_max", vec!["394240"], vec!["394239"]),
        ("ws.frame_before_auth_bytes_max", vec!["1024"], vec!["1023"]),
        ("limits.sockets_before_auth_per_ip_max", vec!["1"], vec!["0"]),
    ] {
        for value in good {
            assert_eq!(fault_of(key, value), None, "{key} {value:?}");
        }
        for value in bad {
            let fault = fault_of(key, value).unwrap_or_else(|| panic!("{key} took {value:?}"));
            assert!(fault.starts_with(&format!("command line: {key:?} must be")), "{fault}");
        }
    }
}

#[test]
fn secrets_are_long_and_never_shown() {
    let short = "x".repeat(31);
    let fault = fault_of("auth.secret", &short).unwrap();
    assert_eq!(fault, "command line: \"auth.secret\" must be at least 32 bytes long, or empty");
    let config = load(
        "",
        &[],
        &[
            ("auth.secret", &"hush".repeat(8)),
            ("mail.url", "smtp://u:hush@h"),
            ("store.url", "postgres://u:hush@h/d"),
        ],
    );
    let shown = format!("{:?}", config.unwrap());
    assert!(!shown.contains("hush"), "{shown}");
    let broken = load("[auth]\nsecret = \"hush", &[], &[]).unwrap_err();
    assert!(broken.starts_with("tradewind.toml: TOML parse error at line 2"), "{broken}");
    assert!(!broken.contains("hush") && broken.lines().count() == 1, "{broken}");
}

#[test]
fn a_file_that_is_no_text_cannot_be_read() {
    let file = file("");
    fs::write(&file.path, b"[http]\nbind = \"\xff\"").unwrap();
    let fault = Config::load(Some(&file.path), iter::empty(), &[]).unwrap_err();
    assert!(matches!(fault, ConfigError::Read { .. }), "{fault}");
}

#[test]
fn a_named_file_must_exist_and_the_default_one_need_not() {
    let missing = Path::new("/nowhere/at/all.toml");
    let fault = Config::load(Some(missing), iter::empty(), &[]).unwrap_err();
    assert_eq!(fault.to_string(), "/nowhere/at/all.toml: cannot be read");
    assert_eq!(Config::load(None, iter::empty(), &[]).unwrap(), Config::default());
}

#[test]
fn links_start_with_the_public_url_or_the_address_listened_on() {
    let bound = "127.0.0.1:4242".parse().unwrap();
    let mut http = http::Settings::default();
    assert_eq!(http.base_url(bound), "http://127.0.0.1:4242");
    http.public_url = "https://chat.example/".to_owned();
    assert_eq!(http.base_url(bound), "https://chat.example");
    assert!(http.worker_count() >= 1);
    http.workers = 3;
    assert_eq!(http.worker_count(), 3);
}

#[test]
fn a_change_in_the_program_is_checked_too() {
    let mut config = Config::default();
    config.node.id = 32;
    assert_eq!(config.validate().unwrap_err().to_string(), "\"node.id\" must be at most 31");
}

#[test]
fn samples_for_pubsub_are_set_by_their_own_variables() {
    let env = [
        ("PUBSUB_VERIFICATION_TOKEN", "secret"),
        ("PUBSUB_TOPIC", "my-topic"),
        ("GOOGLE_CLOUD_PROJECT", "my-project"),
        ("PUBSUB_PUSH_AUDIENCE", "hub.example"),
        ("PUBSUB_PUSH_ISSUERS", "https://accounts.google.example=keys.json, self"),
        ("PUBSUB_PUSH_EMAILS", "a@b.example, c@d.example"),
        ("PUBSUB_PUSH_AUTH", "simulate"),
        // Ours count more, in whatever order they come.
        ("TRADEWIND__PUBSUB__TOPIC", "other"),
        ("PUBSUB_OTHER", "not ours"),
    ];
    for reversed in [false, true] {
        let mut env = env.to_vec();
        if reversed {
            env.reverse();
        }
        let pubsub = load("[pubsub]\nproject = \"file\"", &env, &[]).unwrap().pubsub;
        assert_eq!(pubsub.verification_token.expose(), "secret");
        assert_eq!((pubsub.topic.as_str(), pubsub.project.as_str()), ("other", "my-project"));
        assert_eq!(pubsub.push_audience, "hub.example");
        assert_eq!(pubsub.push_issuers, ["https://accounts.google.example=keys.json", "self"]);
        assert_eq!(pubsub.push_emails, ["a@b.example", "c@d.example"]);
        assert_eq!(pubsub.push_auth, PushAuth::Simulate);
    }
    let fault = load("", &[("PUBSUB_PUSH_AUTH", "maybe")], &[]).unwrap_err();
    assert_eq!(fault, "PUBSUB_PUSH_AUTH: \"pubsub.push_auth\" must be \"strict\" or \"simulate\"");
    for (key, value) in [("topic", "t1"), ("project", "A"), ("push_issuers", "https://a")] {
        assert!(fault_of(&format!("pubsub.{key}"), value).is_some(), "{key}");
    }
}

#[test]
fn who_may_push_is_said_and_simulations_stay_on_their_machine() {
    let token = ("pubsub.verification_token", "secret");
    let fault = load("", &[], &[token]).unwrap_err();
    assert!(fault.starts_with("\"pubsub.push_emails\" must be the e-mail addresses"), "{fault}");
    assert!(fault.contains("PUBSUB_PUSH_EMAILS"), "{fault}");
    assert!(load("", &[], &[token, ("pubsub.push_emails", ",")]).is_err());
    assert!(load("", &[], &[token, ("pubsub.push_emails", "a@b.example")]).is_ok());
    let simulate = ("pubsub.push_auth", "simulate");
    assert!(load("", &[], &[token, simulate]).is_ok());
    for (key, bind) in
        [("http.bind", "0.0.0.0:0"), ("pubsub.bind", "192.0.2.1:1"), ("http.bind", "[::]:0")]
    {
        let fault = load("", &[], &[simulate, (key, bind)]).unwrap_err();
        assert!(fault.contains("\"pubsub.push_auth\" must be \"strict\" unless"), "{fault}");
    }
}
