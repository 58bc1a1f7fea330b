//! How a request ended, in the numbers and the words that programs and people know from the original.

use crate::domain::apps::console::ResultCode;

/// The number of a result.
pub const fn code_number(code: ResultCode) -> i32 {
    match code {
        ResultCode::Done => 1,
        ResultCode::Unknown => -1,
        ResultCode::NotRegistered => -101,
        ResultCode::NameKnown => -102,
        ResultCode::ServerIdWrong => -104,
        ResultCode::NoChannel => -302,
        ResultCode::Argument => -304,
    }
}

/// The words of a result, letter by letter those of the original, its slip of the pen among them.
pub const fn code_text(code: ResultCode) -> &'static str {
    match code {
        ResultCode::Done => "작업이 성공 했습니다.",
        ResultCode::Unknown => "알 수 없는 에러입니다.",
        ResultCode::NotRegistered => "App 서버가 아직 등록되지 않았습니다.",
        ResultCode::NameKnown => "이미 동일한 서버 등록 이름이 동일 서비스내에 존재합니다.",
        ResultCode::ServerIdWrong => "서버 등록ID가 잘못되었습니다.",
        ResultCode::NoChannel => "채널이 가용하지 않은 상태입니다.",
        ResultCode::Argument => "전달 인자가 잘못되엇습니다.",
    }
}
