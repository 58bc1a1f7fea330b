//! The calls by their names, and who may make them.

use crate::domain::apps::app::Level;

/// Widgets.
const PORTAL: &[Level] = &[Level::Ppcom];
/// Agents' programs.
const AGENT: &[Level] = &[Level::Ppkefu];
/// Whoever talks.
const BOTH: &[Level] = &[Level::Ppcom, Level::Ppkefu];
/// Operators.
const OPERATOR: &[Level] = &[Level::ThirdPartyConsole, Level::Ppconsole];
const PORTAL_AND_OPERATOR: &[Level] = &[Level::Ppcom, Level::ThirdPartyConsole, Level::Ppconsole];

macro_rules! calls {
    ($($call:ident $($name:literal)|+ $levels:ident,)+) => {
        /// A call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ApiCall {
            $($call,)+
        }

        impl ApiCall {
            /// The call of a name, of either generation.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($($name)|+ => Some(Self::$call),)+
                    _ => None,
                }
            }

            /// Who may make it.
            const fn levels(self) -> &'static [Level] {
                match self {
                    $(Self::$call => $levels,)+
                }
            }
        }
    };
}

const ALL: &[Level] = &Level::ALL;

calls! {
    CreateAnonymous "PP_CREATE_ANONYMOUS" | "PPCOM_CREATE_ANONYMOUS" PORTAL,
    CreateDevice "PP_CREATE_DEVICE" BOTH,
    // Of the newer generation, which calls it no fault if the device is known.
    FindDevice "PPCOM_CREATE_DEVICE" BOTH,
    DefaultConversation "PPCOM_GET_DEFAULT_CONVERSATION" PORTAL,
    CreateConversation "PPCOM_CREATE_CONVERSATION" BOTH,
    SendMessage "PP_SEND_MESSAGE" BOTH,
    AckMessage "ACK_MESSAGE" BOTH,
    History "PP_PAGE_HISTORY_MESSAGE" ALL,
    Unacked "PP_PAGE_UNACKED_MESSAGE" BOTH,
    AppInfo "PP_GET_APP_INFO" ALL,
    UpdateDevice "PP_UPDATE_DEVICE" BOTH,
    UserUuid "PP_GET_USER_UUID" | "PPCOM_GET_USER_UUID" PORTAL_AND_OPERATOR,
    UpdateUser "PP_UPDATE_USER" ALL,
    Detail "GET_YVOBJECT_DETAIL" ALL,
    Conversations "PP_GET_USER_CONVERSATION_LIST" BOTH,
    ConversationInfo "PP_GET_CONVERSATION_INFO" BOTH,
    ConversationUsers "PP_GET_CONVERSATION_USER_LIST" BOTH,
    QueueLength "PP_GET_AMD_QUEUE_LENGTH" PORTAL,
    CancelWaiting "PP_CANCEL_WAITING_CREATE_CONVERSATION" PORTAL,
    CreateUser "PP_CREATE_USER" OPERATOR,
    LogIn "PPKEFU_LOGIN" AGENT,
    LogOut "PPKEFU_LOGOUT" AGENT,
    ValidateDevice "PP_VALIDATE_ONLINE_DEVICE" AGENT,
}

impl ApiCall {
    /// Whether a token of a level may make it.
    pub fn is_for(self, level: Level) -> bool {
        self.levels().contains(&level)
    }

    /// Whether a widget may make it whose token is nobody's yet.
    pub const fn is_for_nobody(self) -> bool {
        matches!(self, Self::CreateAnonymous | Self::UserUuid | Self::AppInfo)
    }

    /// Whether the app has to be named. Where it need not be, it is that of the token.
    pub const fn names_app(self) -> bool {
        match self {
            Self::SendMessage
            | Self::AckMessage
            | Self::History
            | Self::UpdateDevice
            | Self::Detail
            | Self::LogIn => false,
            Self::CreateAnonymous
            | Self::CreateDevice
            | Self::FindDevice
            | Self::DefaultConversation
            | Self::CreateConversation
            | Self::Unacked
            | Self::AppInfo
            | Self::UserUuid
            | Self::UpdateUser
            | Self::Conversations
            | Self::ConversationInfo
            | Self::ConversationUsers
            | Self::QueueLength
            | Self::CancelWaiting
            | Self::CreateUser
            | Self::LogOut
            | Self::ValidateDevice => true,
        }
    }
}
