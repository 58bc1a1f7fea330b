//! The documents tell the truth about the code.

use std::path::Path;

use tradewind::clock::SystemClock;
use tradewind::domain::accounts::refusal::AccountsRefusal;
use tradewind::domain::chat::refusal::ChatRefusal;
use tradewind::domain::close::CloseReason;
use tradewind::domain::error::Refusal;
use tradewind::domain::principal::IdentifyError;
use tradewind::http::v1::problem::Code;
use tradewind::wire::chatting::Ids;
use tradewind::wire::console::Console;
use tradewind::wire::device::DeviceDialect;
use tradewind::wire::rewind::{Mode, RewindOptions, encode};
use tradewind::wire::{Context, Dialects, Frame, Phase, Rejection, Variant};

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Each variant leads to the next, so that a new one stops the build until it has a place here.
fn refusals() -> Vec<Refusal> {
    use AccountsRefusal as A;
    let next = |refusal: &A| match refusal {
        A::NoSuchName => Some(A::Oneself),
        A::Oneself => Some(A::AlreadyRequested),
        A::AlreadyRequested => Some(A::AlreadyFriend),
        A::AlreadyFriend => Some(A::NotRequested),
        A::NotRequested => Some(A::NotFriend),
        A::NotFriend => Some(A::TooOften { retry_after_ms: 1 }),
        A::TooOften { .. } => None,
    };
    let accounts = std::iter::successors(Some(A::NoSuchName), next).map(Refusal::Accounts);
    accounts.chain(chat_refusals()).chain([Refusal::Busy, Refusal::Internal]).collect()
}

fn chat_refusals() -> impl Iterator<Item = Refusal> {
    use ChatRefusal as C;
    let next = |refusal: &C| match refusal {
        C::NoSuchPeer => Some(C::NoSuchMessage),
        C::NoSuchMessage => Some(C::NoSuchRoom),
        C::NoSuchRoom => Some(C::NotMember),
        C::NotMember => Some(C::NotAllowed),
        C::NotAllowed => Some(C::NoSuchMember),
        C::NoSuchMember => Some(C::Banned),
        C::Banned => Some(C::GroupFull),
        C::GroupFull => Some(C::TooManyGroups),
        C::TooManyGroups => Some(C::OwnerStays),
        C::OwnerStays => Some(C::NotAddable),
        C::NotAddable => Some(C::NotOffered),
        C::NotOffered => None,
    };
    std::iter::successors(Some(C::NoSuchPeer), next).map(Refusal::Chat)
}

fn close_reasons() -> Vec<CloseReason> {
    use CloseReason as R;
    let next = |reason: &R| match reason {
        R::HeartbeatMissing => Some(R::HeartbeatOmitted),
        R::HeartbeatOmitted => Some(R::NotIdentified),
        R::NotIdentified => Some(R::Unauthorized),
        R::Unauthorized => Some(R::Replaced),
        R::Replaced => Some(R::TokenExpired),
        R::TokenExpired => Some(R::TokenRevoked),
        R::TokenRevoked => Some(R::SlowConsumer),
        R::SlowConsumer => Some(R::Overload),
        R::Overload => Some(R::Restart { retry_after_ms: 0 }),
        R::Restart { .. } => Some(R::ProtocolError),
        R::ProtocolError => Some(R::BadText),
        R::BadText => Some(R::Binary),
        R::Binary => Some(R::TooBig),
        R::TooBig => None,
    };
    std::iter::successors(Some(R::HeartbeatMissing), next).collect()
}

fn dialects() -> Dialects {
    tradewind::server::dialects(&tradewind::server::Config::default())
}

fn rewind() -> (Dialects, Variant) {
    (dialects(), RewindOptions::from(Mode::Readme).variant())
}

/// A row of the table of error frames that fits a frame.
fn row(frame: &Frame) -> String {
    let error: serde_json::Value = serde_json::from_str(frame.as_text()).unwrap();
    let payload = &error["payload"];
    format!("| {} | `{}` |", payload["code"], payload["reason"].as_str().unwrap())
}

#[test]
fn every_error_frame_is_in_the_table_and_no_other() {
    let (dialects, variant) = rewind();
    let dialect = dialects.get(variant);
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
    let context = Context { options: variant.options(), phase: Phase::Opened, clock: &clock };
    rows.extend(
        refusals().into_iter().map(|refusal| row(&dialect.refusal(refusal, None, context))),
    );
    rows.extend([IdentifyError::Credential, IdentifyError::Principal].map(|error| {
        match dialect.not_identified(error) {
            Rejection::Reply(frame) => row(&frame),
            Rejection::ReplyAndClose(_, reason) | Rejection::Close(reason) => panic!("{reason:?}"),
        }
    }));
    // What is done too often is told as what comes too fast.
    assert!(rows.contains(&row(&dialect.rate_limited(1, context))));

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
    let (dialects, variant) = rewind();
    for reason in close_reasons() {
        let (code, text) = dialects.get(variant).close(reason, variant.options());
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
    let (dialects, variant) = (dialects(), Ids::Number.variant());
    let dialect = dialects.get(variant);
    let clock = SystemClock::start();
    let context = Context { options: variant.options(), phase: Phase::Opened, clock: &clock };
    let mut frames: Vec<Frame> =
        refusals().into_iter().map(|refusal| dialect.refusal(refusal, None, context)).collect();
    frames.push(dialect.rate_limited(1, context));
    for frame in frames {
        let error: serde_json::Value = serde_json::from_str(frame.as_text()).unwrap();
        let row = format!("| `{}` |", error["error"].as_str().unwrap());
        assert!(page.contains(&row), "docs/errors.md lacks {row}");
    }
    assert!(page.contains(&dialects.chatting().settings.no_such_user_text));
    for reason in close_reasons() {
        let (code, text) = dialect.close(reason, variant.options());
        let row = format!("| {code} | `{}` |", text.replace("=0", "=N"));
        assert!(page.contains(&row), "docs/errors.md lacks {row}");
    }
}

#[test]
fn every_close_code_of_customer_chat_is_documented() {
    let page = read("docs/protocol/ppcom.md");
    let (dialects, variant) = (dialects(), tradewind::wire::ppcom::VARIANT);
    for reason in close_reasons() {
        let (code, text) = dialects.get(variant).close(reason, variant.options());
        let row = format!("| {code} | `{}` |", text.replace("=0", "=N"));
        assert!(page.contains(&row), "docs/protocol/ppcom.md lacks {row}");
        assert!(text.len() <= 123, "a close reason has at most 123 bytes");
    }
}

#[test]
fn every_close_code_of_devices_is_in_the_table() {
    let page = read("docs/errors.md");
    let (dialects, variant) = (dialects(), DeviceDialect::VARIANT);
    for reason in close_reasons() {
        let (code, text) = dialects.get(variant).close(reason, variant.options());
        let row = format!("| {code} | `{}` |", text.replace("=0", "=N"));
        assert!(page.contains(&row), "docs/errors.md lacks {row}");
    }
}

#[test]
fn every_close_code_of_the_console_is_documented() {
    let page = read("docs/errors.md");
    let table = page.split("\nOn a console's socket").nth(1).expect("a table");
    let dialects = dialects();
    let variant = Console::VARIANT;
    for reason in close_reasons() {
        let (code, text) = dialects.get(variant).close(reason, variant.options());
        let row = format!("| {code} | `{}` |", text.replace("=0", "=N"));
        assert!(table.contains(&row), "docs/errors.md lacks {row}");
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
        "docs/protocol/ppcom.md",
        "docs/protocol/console.md",
        "docs/protocol/owl.md",
        "docs/protocol/pubsub.md",
        "docs/protocol/pubsub-bridges.md",
    ] {
        let folder = root.join(page).parent().unwrap().to_owned();
        for link in read(page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(folder.join(link).exists(), "{page} links to {link}");
        }
    }
}
