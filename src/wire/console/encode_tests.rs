use crate::domain::apps::console::ConsoleAction;
use crate::domain::clock::Timestamp;
use crate::domain::id::DeviceId;
use crate::domain::pubsub::name::SubscriptionName;
use crate::domain::uuid::Uuid;
use crate::wire::console::encode::*;

const GROUP: &str = "134f2578b28f435e9c0078a8a73b5bcf";
const MS: i64 = 1_514_273_426_429;

fn text(said: &ConsoleLine) -> String {
    line(said).as_text().to_string()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn request(command: CommandId) -> RequestId {
    RequestId { command, ms: MS }
}

fn change(command: CommandId, failed: &[&str]) -> DeviceGroupChange {
    DeviceGroupChange {
        code: ResultCode::Done,
        group: some(GROUP),
        total: 9,
        changed: 6,
        failed: failed.iter().map(|id| (*id).to_owned()).collect(),
        request: request(command),
    }
}

#[test]
fn lines_are_those_of_the_original() {
    let created = ConsoleLine::GroupCreated {
        code: ResultCode::Done,
        group: some(GROUP),
        name: some("testGroup"),
        size: 3,
        description: some("testDesc"),
        failed: Vec::new(),
        request: request(CommandId::CreateGroup),
    };
    let expected = "onDeviceGroupCreateResult 1 작업이 성공 했습니다. 134f2578b28f435e9c0078a8a73b5bcf \
                    testGroup 3 testDesc [] 8011514273426429";
    assert_eq!(text(&created), expected);
    let (add, subtract) = (CommandId::AddDevices, CommandId::SubtractDevices);
    for (said, expected) in [
        (
            ConsoleLine::DevicesAdded(change(add, &["a", "b"])),
            "onDeviceGroupAddResult 1 작업이 성공 했습니다. 134f2578b28f435e9c0078a8a73b5bcf 9 6 \
             ['a', 'b'] 8021514273426429",
        ),
        (
            ConsoleLine::DevicesSubtracted(change(subtract, &["a"])),
            "onDeviceGroupSubtractResult 1 작업이 성공 했습니다. 134f2578b28f435e9c0078a8a73b5bcf 9 6 \
             ['a'] 8031514273426429",
        ),
        (
            ConsoleLine::GroupDeleted {
                code: ResultCode::Done,
                group: some(GROUP),
                request: request(CommandId::DeleteGroup),
            },
            "onDeviceGroupDeleteResult 1 작업이 성공 했습니다. 134f2578b28f435e9c0078a8a73b5bcf \
             8041514273426429",
        ),
    ] {
        assert_eq!(text(&said), expected);
    }
    for (command, expected) in [
        (CommandId::Unicast, "onSendUnicastMsgResult 1 작업이 성공 했습니다. 5011514273426429"),
        (CommandId::Multicast, "onSendMulticastMsgResult 1 작업이 성공 했습니다. 5021514273426429"),
        (CommandId::Broadcast, "onSendBroadcastMsgResult 1 작업이 성공 했습니다. 5031514273426429"),
        (CommandId::Group, "onSendGroupMsgResult 1 작업이 성공 했습니다. 5611514273426429"),
    ] {
        let sent = ConsoleLine::Sent { code: ResultCode::Done, request: request(command) };
        assert_eq!(text(&sent), expected);
    }
}

#[test]
fn registrations_and_upstream_have_lines() {
    let server = Uuid::parse(GROUP);
    for (code, server, expected) in [
        (ResultCode::Done, server, format!("onRegisterResult 1 작업이 성공 했습니다. {GROUP}")),
        (
            ResultCode::NameKnown,
            server,
            format!(
                "onRegisterResult -102 이미 동일한 서버 등록 이름이 동일 서비스내에 존재합니다. {GROUP}"
            ),
        ),
        (
            ResultCode::Argument,
            None,
            "onRegisterResult -304 전달 인자가 잘못되엇습니다. None".to_owned(),
        ),
    ] {
        assert_eq!(text(&ConsoleLine::Registered { code, server }), expected);
    }
    let device = DeviceId::new(6).unwrap();
    let data = "<script>\nalert(1)</script> 안녕  ".to_owned();
    let upstream = ConsoleLine::Upstream { device, at: Timestamp::from_millis(MS), data };
    let id = device.uuid().hex();
    let expected = format!("onUpstreamMsgReceived {id} {MS} <script>\nalert(1)</script> 안녕  ");
    assert_eq!(text(&upstream), expected);
}

#[test]
fn what_was_bad_is_none() {
    let failed = |action: ConsoleAction| text(&action.failed(ResultCode::Argument, MS));
    let words = "전달 인자가 잘못되엇습니다.";
    let (group, devices) = (some("No-Such"), vec!["a".to_owned()]);
    for (action, expected) in [
        (
            ConsoleAction::CreateGroup {
                name: some("g"),
                description: None,
                devices: devices.clone(),
            },
            format!("onDeviceGroupCreateResult -304 {words} None g 0 None [] 801{MS}"),
        ),
        (
            ConsoleAction::AddDevices { group: group.clone(), devices: devices.clone() },
            format!("onDeviceGroupAddResult -304 {words} No-Such 0 0 [] 802{MS}"),
        ),
        (
            ConsoleAction::SubtractDevices { group: None, devices: devices.clone() },
            format!("onDeviceGroupSubtractResult -304 {words} None 0 0 [] 803{MS}"),
        ),
        (
            ConsoleAction::DeleteGroup { group: None },
            format!("onDeviceGroupDeleteResult -304 {words} None 804{MS}"),
        ),
        (
            ConsoleAction::SendMulticast { text: String::new(), devices },
            format!("onSendMulticastMsgResult -304 {words} 502{MS}"),
        ),
        (
            ConsoleAction::SendGroup { text: String::new(), group },
            format!("onSendGroupMsgResult -304 {words} 561{MS}"),
        ),
        (
            ConsoleAction::Register { service: String::new(), name: String::new() },
            format!("onRegisterResult -304 {words} None"),
        ),
    ] {
        assert_eq!(failed(action), expected);
    }
    let slow = error(ResultCode::Unknown);
    assert_eq!(slow.as_text(), "onError -1 알 수 없는 에러입니다. None");
}

#[test]
fn a_message_of_pubsub_is_one_line_whatever_is_in_it() {
    let subscription = SubscriptionName::new("shop", "orders-console").unwrap();
    for (data, shown) in [
        ("order 7 is paid", "order 7 is paid"),
        ("a\nb\r\tc\\n", r"a\nb\r\tc\\n"),
        ("\u{1b}[31m\u{2028}\u{202e}\u{7f}", r"\u001b[31m\u2028\u202e\u007f"),
        ("<script>", "<script>"),
        ("작업 👍", "작업 👍"),
    ] {
        let (subscription, at) = (subscription.clone(), Timestamp::from_millis(MS));
        let line = ConsoleLine::Published { subscription, at, data: data.to_owned() };
        let expected =
            format!("onPubsubMsgReceived projects/shop/subscriptions/orders-console {MS} {shown}");
        assert_eq!(text(&line), expected);
    }
}
