//! The table level × door.

/// What is shown: nothing, what nobody knows, tokens of the first app, and what is none of an app's.
pub const SHOWN: [&str; 10] = [
    "nothing",
    "an unknown token",
    "a widget's token that is nobody's",
    "a visitor's",
    "an agent's",
    "an operator's",
    "one of PPCONSOLE",
    "the value of an operator's cookie",
    "a user's of the hub",
    "a service's key",
];

/// How a door is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By a request, with what is shown in the header `Authorization`. The outcome is the status.
    Ask,
    /// The same, in the console's cookie.
    AskByCookie,
    /// By a call of customer chat, without its parameters: who may make it is told what is missing (6). The outcome is
    /// the code.
    Call,
    /// By asking for a socket, with what is shown in the header `Authorization`.
    Upgrade,
    /// The same, in the console's cookie.
    UpgradeByCookie,
    /// By the first frames of a socket, which anybody gets; the outcome is the code, 0 for who is let in.
    Show,
}

/// A row.
#[derive(Clone, Copy)]
pub struct LevelRow {
    /// As the source writes it.
    pub door: &'static str,
    pub how: How,
    /// Whether at the console's own listener.
    pub is_at_own: bool,
    /// A method and a path, a path, or the name of a call.
    pub path: &'static str,
    /// The body's type.
    pub kind: &'static str,
    /// The body, or frames with `{token}`.
    pub body: &'static str,
    pub outcomes: [i64; 10],
}

const fn row(
    door: &'static str,
    how: How,
    path: &'static str,
    (kind, body): (&'static str, &'static str),
    outcomes: [i64; 10],
) -> LevelRow {
    LevelRow { door, how, is_at_own: false, path, kind, body, outcomes }
}

/// A door that is the same for all.
const fn open(door: &'static str, path: &'static str, status: i64) -> LevelRow {
    row(door, How::Ask, path, NO_BODY, [status; 10])
}

const fn call(name: &'static str, outcomes: [i64; 10]) -> LevelRow {
    row("/api/{name}", How::Call, name, NO_BODY, outcomes)
}

const fn own(row: LevelRow) -> LevelRow {
    LevelRow { is_at_own: true, ..row }
}

const NO_BODY: (&str, &str) = ("text/plain", "");
const EMPTY: (&str, &str) = ("application/json", "{}");
const DATA: (&str, &str) = ("application/json", r#"{"serviceId":"{app}","data":"x"}"#);
/// A file.
pub const FORM: &str = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhi\r\n--XX--\r\n";
const FILE: (&str, &str) = ("multipart/form-data; boundary=XX", FORM);
const VIC: &str = r#"{"type":"auth","api_token":"{token}","app_uuid":"{app}","user_uuid":"{vic}","device_uuid":"{vic's device}","is_service_user":false,"extra_data":{}}"#;
const ANN: &str = r#"{"type":"auth","api_token":"{token}","app_uuid":"{app}","user_uuid":"{ann}","device_uuid":"{ann's device}","is_service_user":true}"#;
const VICS_DEVICE: &str =
    r#"{"action":"auth","body":{"apiToken":"{token}","deviceId":"{vic's device}"}}"#;
const ANNS_DEVICE: &str =
    r#"{"action":"auth","body":{"apiToken":"{token}","deviceId":"{ann's device}"}}"#;
const USER: &str = "{\"type\":\"heartbeat\",\"payload\":{\"count\":0}}\n{\"type\":\"auth\",\"payload\":{\"auth\":\"{token}\"}}";
const PLAYER: &str = r#"{"token":"{token}"}"#;

const WIDGET: [i64; 10] = [3, 4, 6, 6, 4, 4, 4, 4, 4, 4];
const PORTAL: [i64; 10] = [3, 4, 4, 6, 4, 4, 4, 4, 4, 4];
const AGENT: [i64; 10] = [3, 4, 4, 4, 6, 4, 4, 4, 4, 4];
const BOTH: [i64; 10] = [3, 4, 4, 6, 6, 4, 4, 4, 4, 4];
const ALL: [i64; 10] = [3, 4, 4, 6, 6, 6, 6, 6, 4, 4];
const OPERATOR: [i64; 10] = [3, 4, 4, 4, 4, 6, 6, 6, 4, 4];
const BY_EMAIL: [i64; 10] = [3, 4, 6, 6, 4, 6, 6, 6, 4, 4];

const PAGE: [i64; 10] = [302, 401, 403, 403, 403, 200, 403, 200, 401, 401];
/// Who shows a log-in that has ended is sent to log in.
const PAGE_BY_COOKIE: [i64; 10] = [302, 302, 403, 403, 403, 200, 403, 200, 302, 302];
const CONSOLE: [i64; 10] = [401, 401, 403, 403, 403, 101, 403, 101, 401, 401];
const UPLOAD: [i64; 10] = [403, 401, 403, 200, 200, 403, 403, 403, 401, 401];
const OF_USER: [i64; 10] = [401, 401, 401, 401, 401, 401, 401, 401, 200, 401];

/// The table. What ends something stands last.
pub const ROWS: &[LevelRow] = &[
    // The hub itself.
    open("/healthz", "GET /healthz", 200),
    open("/readyz", "GET /readyz", 200),
    open("/metrics", "GET /metrics", 200),
    open("/reset/{key}", "GET /reset/unknown", 200),
    open("/verify/{key}", "GET /verify/unknown", 405),
    open("/", "GET /", 302),
    open("/assets/{version}/{name:.*}", "GET /assets/none/app/start.js", 404),
    open("/design", "GET /design", 404),
    open("/demo/mails", "GET /demo/mails", 404),
    open("/login", "GET /login", 200),
    open("/register", "GET /register", 200),
    open("/logout", "GET /logout", 302),
    open("/auth/register", "GET /api/v1/auth/register", 405),
    open("/auth/login", "GET /api/v1/auth/login", 405),
    open("/auth/email_verify/{key}", "GET /api/v1/auth/email_verify/unknown", 404),
    row("/ws", How::Upgrade, "/ws", NO_BODY, [101; 10]),
    row(
        "/ws",
        How::Show,
        "/ws",
        ("", USER),
        [4000, 4000, 4000, 4000, 4000, 4000, 4000, 4000, 0, 4000],
    ),
    // Game lobbies.
    row("/ws/chatting", How::Upgrade, "/ws/chatting/", NO_BODY, [101; 10]),
    row(
        "/ws/chatting",
        How::Show,
        "/ws/chatting/",
        ("", PLAYER),
        [3401, 3401, 3401, 3401, 3401, 3401, 3401, 3401, 0, 3401],
    ),
    open("/api/chatting", "GET /api/chatting/nowhere", 404),
    row("/blockedusers", How::Ask, "GET /api/chatting/blockedusers/", NO_BODY, OF_USER),
    // Whoever may ask is told that nobody is named.
    row(
        "/is-online",
        How::Ask,
        "GET /api/chatting/is-online/",
        NO_BODY,
        [401, 401, 401, 401, 401, 401, 401, 401, 400, 401],
    ),
    row(
        "/s2sapi/system-message",
        How::Ask,
        "POST /s2sapi/system-message/",
        EMPTY,
        [401, 401, 401, 401, 401, 401, 401, 401, 401, 400],
    ),
    // Customer chat.
    open("/ppauth/token", "POST /ppauth/token", 400),
    row("/pcsocket/WS", How::Upgrade, "/pcsocket/WS", NO_BODY, [101; 10]),
    row("/pcsocket/WS", How::Show, "/pcsocket/WS", ("", VIC), [8, 9, 10, 0, 10, 10, 10, 10, 9, 9]),
    row("/pcsocket/WS", How::Show, "/pcsocket/WS", ("", ANN), [8, 9, 10, 10, 0, 10, 10, 10, 9, 9]),
    row("/upload/upload", How::Ask, "POST /upload/upload/", FILE, UPLOAD),
    row("/ppkefu/upload", How::Ask, "POST /ppkefu/upload/", FILE, UPLOAD),
    // Who knows its name, which nobody can guess.
    open("/download/download/{id}", "GET /download/download/{file}", 200),
    row("/api/{name}", How::Ask, "POST /api/NOTHING", EMPTY, [200; 10]),
    call("PP_CREATE_ANONYMOUS", WIDGET),
    call("PPCOM_CREATE_ANONYMOUS", WIDGET),
    call("PP_CREATE_DEVICE", BOTH),
    call("PPCOM_CREATE_DEVICE", BOTH),
    call("PPCOM_GET_DEFAULT_CONVERSATION", PORTAL),
    call("PPCOM_CREATE_CONVERSATION", BOTH),
    call("PP_SEND_MESSAGE", BOTH),
    call("ACK_MESSAGE", BOTH),
    call("PP_PAGE_HISTORY_MESSAGE", ALL),
    call("PP_PAGE_UNACKED_MESSAGE", BOTH),
    call("PP_GET_APP_INFO", [3, 4, 0, 0, 0, 0, 0, 0, 4, 4]),
    call("PP_UPDATE_DEVICE", BOTH),
    call("PP_GET_USER_UUID", BY_EMAIL),
    call("PPCOM_GET_USER_UUID", BY_EMAIL),
    call("PP_UPDATE_USER", ALL),
    call("GET_YVOBJECT_DETAIL", ALL),
    call("PP_GET_USER_CONVERSATION_LIST", BOTH),
    call("PP_GET_CONVERSATION_INFO", BOTH),
    call("PP_GET_CONVERSATION_USER_LIST", BOTH),
    call("PP_GET_AMD_QUEUE_LENGTH", PORTAL),
    call("PP_CANCEL_WAITING_CREATE_CONVERSATION", PORTAL),
    call("PP_CREATE_USER", OPERATOR),
    call("PPKEFU_LOGIN", AGENT),
    call("PPKEFU_LOGOUT", AGENT),
    call("PP_VALIDATE_ONLINE_DEVICE", AGENT),
    // Devices.
    row("/device/ws", How::Upgrade, "/device/ws", NO_BODY, [101; 10]),
    row(
        "/device/ws",
        How::Show,
        "/device/ws",
        ("", VICS_DEVICE),
        [-304, -304, -304, 1, -304, -304, -304, -304, -304, -304],
    ),
    row(
        "/device/ws",
        How::Show,
        "/device/ws",
        ("", ANNS_DEVICE),
        [-304, -304, -304, -304, 1, -304, -304, -304, -304, -304],
    ),
    // Servers of apps show the id of their service, and no token opens anything there.
    row("/owl/{noun}/{verb}", How::Ask, "POST /owl/downstream/broadcast/", DATA, [403; 10]),
    // The console, at both of its places.
    open("/console/login", "GET /console/login", 200),
    open("/static/assets/{path:.*}", "GET /static/assets/rational.js", 200),
    row("/console", How::Ask, "GET /console", NO_BODY, PAGE),
    row("/console", How::AskByCookie, "GET /console", NO_BODY, PAGE_BY_COOKIE),
    own(row("/", How::Ask, "GET /", NO_BODY, PAGE)),
    own(row("/", How::AskByCookie, "GET /", NO_BODY, PAGE_BY_COOKIE)),
    row("/", How::Upgrade, "/", NO_BODY, [404; 10]),
    row("/", How::UpgradeByCookie, "/", NO_BODY, [404; 10]),
    row("/console/ws", How::Upgrade, "/console/ws", NO_BODY, CONSOLE),
    row("/console/ws", How::UpgradeByCookie, "/console/ws", NO_BODY, CONSOLE),
    own(row("/console/ws", How::Upgrade, "/console/ws", NO_BODY, CONSOLE)),
    own(row("/console/ws", How::UpgradeByCookie, "/console/ws", NO_BODY, CONSOLE)),
    own(row("/", How::Upgrade, "/", NO_BODY, CONSOLE)),
    own(row("/", How::UpgradeByCookie, "/", NO_BODY, CONSOLE)),
    row("/console/logout", How::Ask, "POST /console/logout", NO_BODY, [303; 10]),
    row("/console/logout", How::AskByCookie, "POST /console/logout", NO_BODY, [303; 10]),
];
