//! The documents tell the truth about the code.

use std::path::Path;

use tradewind::clock::SystemClock;
use tradewind::domain::close::CloseReason;
use tradewind::domain::error::Refusal;
use tradewind::http::v1::problem::Code;
use tradewind::wire::chatting::{Form, Ids, Texts};
use tradewind::wire::rewind::{Mode, encode};
use tradewind::wire::{Frame, IdentifyError, Kind, Phase, Rejection, Scene};

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Each variant leads to the next, so that a new one stops the build until it has a place here.
fn refusals() -> Vec<Refusal> {
    let next = |refusal: &Refusal| match refusal {
        Refusal::NoSuchPeer => Some(Refusal::Absent),
        Refusal::Absent => Some(Refusal::NoSuchMessage),
        Refusal::NoSuchMessage => Some(Refusal::NoSuchRoom),
        Refusal::NoSuchRoom => Some(Refusal::NoSuchName),
        Refusal::NoSuchName => Some(Refusal::Oneself),
        Refusal::Oneself => Some(Refusal::AlreadyRequested),
        Refusal::AlreadyRequested => Some(Refusal::AlreadyFriend),
        Refusal::AlreadyFriend => Some(Refusal::NotRequested),
        Refusal::NotRequested => Some(Refusal::NotFriend),
        Refusal::NotFriend => Some(Refusal::NotMember),
        Refusal::NotMember => Some(Refusal::NotAllowed),
        Refusal::NotAllowed => Some(Refusal::NoSuchMember),
        Refusal::NoSuchMember => Some(Refusal::Banned),
        Refusal::Banned => Some(Refusal::GroupFull),
        Refusal::GroupFull => Some(Refusal::TooManyGroups),
        Refusal::TooManyGroups => Some(Refusal::OwnerStays),
        Refusal::OwnerStays => Some(Refusal::NotAddable),
        Refusal::NotAddable => Some(Refusal::NotOffered),
        Refusal::NotOffered => Some(Refusal::TooOften { retry_after_ms: 1 }),
        Refusal::TooOften { .. } => Some(Refusal::Busy),
        Refusal::Busy => Some(Refusal::Internal),
        Refusal::Internal => None,
    };
    std::iter::successors(Some(Refusal::NoSuchPeer), next).collect()
}

fn close_reasons() -> Vec<CloseReason> {
    use CloseReason as R;
    let next = |reason: &R| match reason {
        R::HeartbeatMissing => Some(R::HeartbeatOmitted),
        R::HeartbeatOmitted => Some(R::NotIdentified),
        R::NotIdentified => Some(R::Replaced),
        R::Replaced => Some(R::TokenExpired),
        R::TokenExpired => Some(R::TokenRevoked),
        R::TokenRevoked => Some(R::SlowConsumer),
        R::SlowConsumer => Some(R::Overload),
        R::Overload => Some(R::Restart { retry_after_ms: 0 }),
        R::Restart { .. } => Some(R::ProtocolError),
        R::ProtocolError => Some(R::BadText),
        R::BadText => Some(R::TooBig),
        R::TooBig => None,
    };
    std::iter::successors(Some(R::HeartbeatMissing), next).collect()
}

/// A row of the table of error frames that fits a frame.
fn row(frame: &Frame) -> String {
    let error: serde_json::Value = serde_json::from_str(frame.as_text()).unwrap();
    let payload = &error["payload"];
    format!("| {} | `{}` |", payload["code"], payload["reason"].as_str().unwrap())
}

#[test]
fn every_error_frame_is_in_the_table_and_no_other() {
    let kind = Kind::Rewind(Mode::Readme.into());
    let constants = [
        encode::BINARY,
        encode::NOT_JSON,
        encode::INVALID,
        encode::UNKNOWN_TYPE,
        encode::UNKNOWN_CHAT,
        encode::UNKNOWN_LOAD,
        encode::UNKNOWN_MUTUAL_USERS,
        encode::UNKNOWN_PRESENCE,
        encode::UNKNOWN_GROUP,
        encode::NAME_MISSING,
        encode::TOKEN_MISSING,
        encode::NOT_READY,
        encode::NO_HEARTBEAT,
    ];
    let mut rows: Vec<String> = constants.map(|error| row(&encode::error(error))).into();
    let clock = SystemClock::start();
    let scene = Scene { phase: Phase::Opened, clock: &clock };
    rows.extend(refusals().into_iter().map(|refusal| row(&kind.refusal(refusal, None, scene))));
    rows.extend([IdentifyError::Token, IdentifyError::User].map(|error| {
        match kind.not_identified(error) {
            Rejection::Reply(frame) => row(&frame),
            Rejection::Close(reason) => panic!("{reason:?}"),
        }
    }));
    // What is done too often is told as what comes too fast.
    assert!(rows.contains(&row(&kind.rate_limited(1, scene))));

    let page = read("docs/errors.md");
    let table = page.split("\n## ").find(|part| part.starts_with("Error frames")).unwrap();
    for row in &rows {
        assert!(table.contains(row.as_str()), "docs/errors.md lacks {row}");
    }
    let documented =
        table.lines().filter(|line| line.starts_with("| 1") || line.starts_with("| 4"));
    assert_eq!(documented.count(), rows.len(), "docs/errors.md has a row that the code has not");
}

#[test]
fn every_close_code_is_in_the_table() {
    let page = read("docs/errors.md");
    for reason in close_reasons() {
        let (code, text) = Kind::Rewind(Mode::Readme.into()).close(reason);
        let text = text.replace("=0", "=N");
        let row = if text.is_empty() {
            format!("| {code} | |")
        } else {
            format!("| {code} | `{text}` |")
        };
        assert!(page.contains(&row), "docs/errors.md lacks {row}");
        assert!(text.len() <= 123, "a close reason has at most 123 bytes");
    }
}

#[test]
fn every_error_and_close_code_of_chatting_is_documented() {
    let page = read("docs/errors.md");
    let defaults = tradewind::config::Chatting::default();
    let texts = Box::leak(Box::new(Texts {
        logged_in: defaults.logged_in_text,
        unreachable: defaults.unreachable_text,
        bad_request: defaults.bad_request_text,
        system: defaults.system_text,
        no_such_user: defaults.no_such_user_text,
    }));
    let kind = Kind::Chatting(Form { ids: Ids::Number, texts });
    let clock = SystemClock::start();
    let scene = Scene { phase: Phase::Opened, clock: &clock };
    let mut frames: Vec<Frame> =
        refusals().into_iter().map(|refusal| kind.refusal(refusal, None, scene)).collect();
    frames.push(kind.rate_limited(1, scene));
    for frame in frames {
        let error: serde_json::Value = serde_json::from_str(frame.as_text()).unwrap();
        let row = format!("| `{}` |", error["error"].as_str().unwrap());
        assert!(page.contains(&row), "docs/errors.md lacks {row}");
    }
    assert!(page.contains(&texts.no_such_user));
    for reason in close_reasons() {
        let (code, text) = kind.close(reason);
        let row = format!("| {code} | `{}` |", text.replace("=0", "=N"));
        assert!(page.contains(&row), "docs/errors.md lacks {row}");
    }
}

#[test]
fn every_problem_is_in_the_table_and_no_other() {
    let page = read("docs/errors.md");
    let table = page.split("\n## ").find(|part| part.starts_with("HTTP: /api/v1")).unwrap();
    for code in Code::ALL {
        let row = format!("| {} | `{}` |", code.status().as_u16(), code.text());
        assert!(table.contains(&row), "docs/errors.md lacks {row}");
    }
    let documented =
        table.lines().filter(|line| line.starts_with("| 4") || line.starts_with("| 5"));
    assert_eq!(documented.count(), Code::ALL.len(), "docs/errors.md has a code too many");
}

#[test]
fn every_metric_is_documented() {
    let page = read("docs/operations.md");
    let metrics = tradewind::telemetry::Metrics::new().unwrap();
    metrics.evictions.with_label_values(&["x"]).inc();
    metrics.refusals.with_label_values(&["x"]).inc();
    let text = metrics.render();
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for name in names.filter_map(|line| line.split(' ').next()) {
        assert!(page.contains(name), "docs/operations.md lacks {name}");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "docs/operations.md",
        "docs/protocol/rewind.md",
        "docs/protocol/chatting.md",
    ] {
        let folder = root.join(page).parent().unwrap().to_owned();
        for link in read(page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(folder.join(link).exists(), "{page} links to {link}");
        }
    }
}
