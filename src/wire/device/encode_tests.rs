use crate::domain::apps::console::CommandId;
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, DownstreamId};
use crate::wire::device::encode::*;

#[test]
fn frames_have_their_shapes() {
    let device = DeviceId::new(9).unwrap();
    let id = device.uuid().hex();
    let text = |frame: Frame| frame.as_text().to_string();
    assert_eq!(
        text(authenticated(device, Duration::from_secs(30))),
        format!(
            r#"{{"action":"authResult","body":{{"resultCode":1,"resultMsg":"작업이 성공 했습니다.","deviceRegId":"{id}","keepAlive":30}}}}"#
        )
    );
    assert_eq!(
        text(not_authenticated(ResultCode::Argument)),
        r#"{"action":"authResult","body":{"resultCode":-304,"resultMsg":"전달 인자가 잘못되엇습니다."}}"#
    );
    let request = RequestId { command: CommandId::Upstream, ms: 1_514_273_958_189 };
    assert_eq!(
        text(upstream_sent(ResultCode::NoChannel, request, Some("c-1"))),
        r#"{"action":"onSendUpstreamMsgResult","body":{"resultCode":-302,"resultMsg":"채널이 가용하지 않은 상태입니다.","requestId":"5111514273958189","umi":"c-1"}}"#
    );
    let message = Downstream {
        id: DownstreamId::new(7).unwrap(),
        sender: AppId::new(5).unwrap().hub_server(),
        data: "a \"b\"".to_owned(),
        sent_at: Timestamp::from_millis(1_514_273_958_189),
        title: None,
        body: Some("b".to_owned()),
    };
    let (id, sender) = (message.id.uuid().hex(), message.sender.hex());
    assert_eq!(
        text(messages(&[message])),
        format!(
            r#"{{"action":"onMsgReceived","body":{{"msgs":[{{"msgId":"{id}","type":1,"sender":"{sender}","data":"a \"b\"","serverTime":1514273958189,"notiTitle":null,"notiBody":"b"}}]}}}}"#
        )
    );
    assert_eq!(text(logout()), r#"{"action":"logout","body":{}}"#);
    assert_eq!(
        text(error(ResultCode::Unknown)),
        r#"{"action":"onError","body":{"resultCode":-1,"resultMsg":"알 수 없는 에러입니다."}}"#
    );
}
