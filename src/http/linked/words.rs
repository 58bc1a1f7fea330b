//! What the pages behind links say, a language each.

/// In one language.
pub(super) struct LinkedWords {
    pub language: &'static str,
    pub log_in: &'static str,
    pub verify: &'static str,
    pub verify_lead: &'static str,
    pub verify_button: &'static str,
    pub verified: &'static str,
    pub register: &'static str,
    pub reset: &'static str,
    pub reset_label: &'static str,
    pub reset_hint: &'static str,
    pub reset_button: &'static str,
    pub reset_done: &'static str,
    pub ask_again: &'static str,
    pub no_such_key: &'static str,
    pub password_invalid: &'static str,
    pub too_many: &'static str,
}

const ENGLISH: LinkedWords = LinkedWords {
    language: "en",
    log_in: "Log in",
    verify: "Confirm your address",
    verify_lead: "One press, and your account is ready.",
    verify_button: "Make my account",
    verified: "Your account is ready. You can log in with it.",
    register: "Register again",
    reset: "New password",
    reset_label: "New password",
    reset_hint: "At least 8 characters. You will be logged out everywhere.",
    reset_button: "Set it",
    reset_done: "The password is the new one. You can log in with it.",
    ask_again: "Ask for another link",
    no_such_key: "The link does not work any more: it has been used, or is too old.",
    password_invalid: "The password is too short or too long.",
    too_many: "That was too often. Try again in a moment.",
};

const KOREAN: LinkedWords = LinkedWords {
    language: "ko",
    log_in: "로그인",
    verify: "이메일 주소 확인",
    verify_lead: "버튼을 누르면 계정이 만들어집니다.",
    verify_button: "계정 만들기",
    verified: "계정이 준비되었습니다. 이제 로그인할 수 있습니다.",
    register: "다시 가입하기",
    reset: "새 비밀번호",
    reset_label: "새 비밀번호",
    reset_hint: "8자 이상. 모든 기기에서 로그아웃됩니다.",
    reset_button: "설정하기",
    reset_done: "비밀번호가 바뀌었습니다. 이제 로그인할 수 있습니다.",
    ask_again: "링크 다시 받기",
    no_such_key: "이 링크는 더 이상 쓸 수 없습니다. 이미 사용했거나 기한이 지났습니다.",
    password_invalid: "비밀번호가 너무 짧거나 너무 깁니다.",
    too_many: "너무 자주 시도했습니다. 잠시 후 다시 시도하세요.",
};

/// Those of the first language that a header `Accept-Language` names and there is.
pub(super) fn of(asked: &str) -> &'static LinkedWords {
    let tags = asked.split(',').map(|tag| tag.trim().get(..2).unwrap_or_default());
    let known = tags.filter_map(|tag| match tag.to_ascii_lowercase().as_str() {
        "ko" => Some(&KOREAN),
        "en" => Some(&ENGLISH),
        _ => None,
    });
    known.take(1).next().unwrap_or(&ENGLISH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_there_is() {
        let languages =
            [("", "en"), ("ko-KR,ko;q=0.9,en;q=0.8", "ko"), ("de, en;q=0.5", "en"), ("é,ko", "ko")];
        for (asked, language) in languages {
            assert_eq!(of(asked).language, language, "{asked}");
        }
    }
}
