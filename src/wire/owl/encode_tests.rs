use super::*;
use crate::domain::id::{DeviceId, DownstreamId};

const SERVICE: &str = "svc";

fn key(command: u16) -> OwlKey {
    OwlKey { stamp: 7, command }
}

fn now() -> Timestamp {
    Timestamp::from_micros(9_000)
}

fn answered(command: u16, line: ConsoleLine, message: Option<DownstreamId>) -> String {
    let told = (SERVICE, ChannelAddress("hub.example:9081"));
    String::from_utf8(answer(key(command), &ServerAnswer { line, message }, told, now())).unwrap()
}

fn request(command: CommandId) -> RequestId {
    RequestId { command, ms: 5 }
}

#[test]
fn each_answer_is_as_the_sdk_reads_it() {
    let id = DownstreamId::new(3).unwrap();
    let sent = |code, command| ConsoleLine::Sent { code, request: request(command) };
    let server = Some(id.uuid());
    let hex = id.uuid().hex();
    for (command, line, message, expected) in [
        (
            301,
            ConsoleLine::Registered { code: ResultCode::NameKnown, server },
            None,
            format!(
                r#"{{"cId":301,"rc":-102,"st":7,"syncT":9,"pm":{{"sRId":"{hex}","cu":"hub.example:9081","pcu":"hub.example:9081"}}}}&#|"#
            ),
        ),
        (
            301,
            ConsoleLine::Registered { code: ResultCode::Argument, server: None },
            None,
            r#"{"cId":301,"rc":-304,"st":7,"syncT":9,"pm":{}}&#|"#.to_owned(),
        ),
        (
            302,
            ConsoleLine::Unregistered { code: ResultCode::Done },
            None,
            r#"{"cId":302,"rc":1,"st":7,"syncT":9,"pm":{}}&#|"#.to_owned(),
        ),
        (
            502,
            sent(ResultCode::Done, CommandId::Multicast),
            Some(id),
            format!(r#"{{"cId":502,"rc":1,"st":7,"syncT":9,"pm":{{"mId":"{hex}"}}}}&#|"#),
        ),
        (
            503,
            sent(ResultCode::NotRegistered, CommandId::Broadcast),
            None,
            r#"{"cId":503,"rc":-101,"st":7,"syncT":9,"pm":{}}&#|"#.to_owned(),
        ),
    ] {
        assert_eq!(answered(command, line, message), expected);
    }
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let good = r#"{"cId":403,"rc":1,"st":7,"syncT":9,"pm":{"hb":30}}&#|"#;
    assert_eq!(text(linked(key(403), Ok(30), now())), good);
    let bad = r#"{"cId":403,"rc":-104,"st":7,"syncT":9,"pm":{}}&#|"#;
    assert_eq!(text(linked(key(403), Err(ResultCode::ServerIdWrong), now())), bad);
}

#[test]
fn each_result_of_a_group_is_as_the_sdk_reads_it() {
    let change = || DeviceGroupChange {
        code: ResultCode::Done,
        group: Some("g".to_owned()),
        total: 9,
        changed: 6,
        failed: vec!["x".to_owned()],
        request: request(CommandId::AddDevices),
    };
    for (command, line, expected) in [
        (
            801,
            ConsoleLine::GroupCreated {
                code: ResultCode::Done,
                group: Some("g".to_owned()),
                name: None,
                size: 3,
                description: None,
                failed: Vec::new(),
                request: request(CommandId::CreateGroup),
            },
            r#"{"cId":11801,"st":7,"pm":{"arc":1,"syncT":9,"ast":7,"sId":"svc","gId":"g","ds":3,"fd":[]}}&#|"#.to_owned(),
        ),
        (
            802,
            ConsoleLine::DevicesAdded(change()),
            r#"{"cId":11802,"st":7,"pm":{"arc":1,"syncT":9,"ast":7,"sId":"svc","gId":"g","tds":9,"ads":6,"fd":["x"]}}&#|"#.to_owned(),
        ),
        (
            803,
            ConsoleLine::DevicesSubtracted(change()),
            r#"{"cId":11803,"st":7,"pm":{"arc":1,"syncT":9,"ast":7,"sId":"svc","gId":"g","tds":9,"sds":6,"fd":["x"]}}&#|"#.to_owned(),
        ),
        (
            804,
            ConsoleLine::GroupDeleted {
                code: ResultCode::ServerIdWrong,
                group: None,
                request: request(CommandId::DeleteGroup),
            },
            r#"{"cId":11804,"st":7,"pm":{"arc":-104,"syncT":9,"ast":7,"sId":"svc","gId":null}}&#|"#.to_owned(),
        ),
    ] {
        assert_eq!(answered(command, line, None), expected);
    }
}

#[test]
fn news_are_in_ascii_and_hold_no_delimiter() {
    let device = DeviceId::new(2).unwrap();
    let of = |data: &str, ms| ServerNews {
        device,
        at: now(),
        data: data.to_owned(),
        request: RequestId { command: CommandId::Upstream, ms },
    };
    let all = [of("a|b&#|\u{c548}\u{1f989}\"\\", 5), of("two\n", 6)];
    let text = String::from_utf8(news(SERVICE, &all)).unwrap();
    let hex = device.uuid().hex();
    let expected = format!(
        r##"{{"cId":512,"st":6,"pm":{{"sId":"svc","msgs":[{{"mId":"5115","dRId":"{hex}","svrT":9,"data":"a\u007cb&#\u007c\uc548\ud83e\udd89\"\\"}},{{"mId":"5116","dRId":"{hex}","svrT":9,"data":"two\n"}}]}}}}&#|"##
    );
    assert_eq!(text, expected);
    assert!(news(SERVICE, &[]).is_empty());
}
