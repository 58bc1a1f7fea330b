//! The fields of a request: what is missing or bad is a fault of the whole, which is answered all the same.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::domain::apps::console::{
    ConsoleAction, ConsoleFault, ConsoleRequest, DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX,
};
use crate::domain::apps::downstream::SendManner;
use crate::domain::apps::server::ServerCall;
use crate::domain::uuid::Uuid;
use crate::wire::console::{NoList, devices_of, is_id_text, is_message, is_short};
use crate::wire::json;

/// How many fields there are.
pub const FIELDS: usize = 11;

/// The names of the fields, in the order in which they stand in [`OwlFields`].
pub type FieldNames = [&'static str; FIELDS];

/// The fields of a request, under whatever names they came.
#[derive(Default)]
pub struct OwlFields<'a> {
    service: Option<&'a RawValue>,
    server: Option<&'a RawValue>,
    registration: Option<&'a RawValue>,
    group_name: Option<&'a RawValue>,
    description: Option<&'a RawValue>,
    devices: Option<&'a RawValue>,
    group: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
    queued: Option<&'a RawValue>,
    title: Option<&'a RawValue>,
    body: Option<&'a RawValue>,
    /// Set by the first field that is missing or bad.
    fault: Option<ConsoleFault>,
}

/// What is asked, before it is known of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwlAction {
    Register,
    Unregister,
    CreateGroup,
    AddDevices,
    SubtractDevices,
    DeleteGroup,
    SendUnicast,
    SendMulticast,
    SendBroadcast,
    SendGroup,
}

impl<'a> OwlFields<'a> {
    /// The fields of an object; all are missing if it is none.
    pub fn read(text: &'a str, names: FieldNames) -> Self {
        let none = || Self { fault: Some(ConsoleFault::Argument), ..Self::default() };
        Self::of_object(text, names).unwrap_or_else(none)
    }

    /// The fields of an object; `None` if it is none.
    pub fn of_object(text: &'a str, names: FieldNames) -> Option<Self> {
        let members = json::members(text, names)?;
        let members = members.map(|member| member.filter(|given| !json::is_null(given)));
        let [
            service,
            server,
            registration,
            group_name,
            description,
            devices,
            group,
            data,
            queued,
            title,
            body,
        ] = members;
        Some(Self {
            service,
            server,
            registration,
            group_name,
            description,
            devices,
            group,
            data,
            queued,
            title,
            body,
            fault: None,
        })
    }

    /// The id of the service; empty if there is none.
    pub fn service(&self) -> String {
        let text = self.service.and_then(json::string).filter(|text| is_id_text(text));
        text.map(Cow::into_owned).unwrap_or_default()
    }

    /// The registration, if it can be one.
    pub fn server(&self) -> Option<Uuid> {
        self.server.and_then(json::string).and_then(|text| Uuid::parse(&text))
    }

    /// What a server asks by them.
    pub fn call(mut self, action: OwlAction) -> ServerCall {
        let (service, server) = (self.service(), self.server());
        let manner = self.manner();
        let action = self.action(action, &service);
        let request = ConsoleRequest { action, fault: self.fault };
        ServerCall { service, server, request, manner }
    }

    fn action(&mut self, action: OwlAction, service: &str) -> ConsoleAction {
        match action {
            OwlAction::Register => {
                let name = self.name(self.registration).unwrap_or_default();
                ConsoleAction::Register { service: service.to_owned(), name }
            }
            OwlAction::Unregister => ConsoleAction::Unregister,
            OwlAction::CreateGroup => ConsoleAction::CreateGroup {
                name: self.name(self.group_name),
                description: self.description(),
                devices: self.devices(NoList::IsEmpty),
            },
            OwlAction::AddDevices => ConsoleAction::AddDevices {
                group: self.id(self.group),
                devices: self.devices(NoList::IsFault),
            },
            OwlAction::SubtractDevices => ConsoleAction::SubtractDevices {
                group: self.id(self.group),
                devices: self.devices(NoList::IsFault),
            },
            OwlAction::DeleteGroup => ConsoleAction::DeleteGroup { group: self.id(self.group) },
            OwlAction::SendUnicast => {
                let device = self.id(self.devices).unwrap_or_default();
                ConsoleAction::SendUnicast { text: self.data(), device }
            }
            OwlAction::SendMulticast => {
                let devices = self.devices(NoList::IsFault);
                ConsoleAction::SendMulticast { text: self.data(), devices }
            }
            OwlAction::SendBroadcast => ConsoleAction::SendBroadcast { text: self.data() },
            OwlAction::SendGroup => {
                ConsoleAction::SendGroup { text: self.data(), group: self.id(self.group) }
            }
        }
    }

    /// What was read of a field, or the fault.
    fn good<T>(&mut self, read: Option<T>) -> Option<T> {
        if read.is_none() {
            self.fault = Some(ConsoleFault::Argument);
        }
        read
    }

    fn text(
        &mut self,
        field: Option<&'a RawValue>,
        is_good: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let text = field.and_then(json::string).filter(|text| is_good(text));
        self.good(text).map(Cow::into_owned)
    }

    /// The text of a field that may be missing.
    fn text_if_any(
        &mut self,
        field: Option<&'a RawValue>,
        is_good: impl Fn(&str) -> bool,
    ) -> Option<String> {
        field.and_then(|given| self.text(Some(given), is_good))
    }

    fn id(&mut self, field: Option<&'a RawValue>) -> Option<String> {
        self.text(field, is_id_text)
    }

    fn name(&mut self, field: Option<&'a RawValue>) -> Option<String> {
        self.text(field, |name| !name.is_empty() && is_short(name, NAME_CHARS_MAX))
    }

    fn description(&mut self) -> Option<String> {
        self.text_if_any(self.description, |text| is_short(text, DESCRIPTION_CHARS_MAX))
    }

    fn devices(&mut self, absence: NoList) -> Vec<String> {
        let read = devices_of(self.devices, absence);
        self.good(read).unwrap_or_default()
    }

    fn data(&mut self) -> String {
        self.text(self.data, is_message).unwrap_or_default()
    }

    /// Whether it waits, as a number or a truth; and a notification. These are read of all, and matter to sends alone.
    fn manner(&mut self) -> SendManner {
        let queued = match self.queued.map(RawValue::get) {
            None | Some("1" | "true") => Some(true),
            Some("0" | "false") => Some(false),
            Some(_) => None,
        };
        let title = self.text_if_any(self.title, |title| is_short(title, NAME_CHARS_MAX));
        let is_body =
            |body: &str| body.chars().count() <= DESCRIPTION_CHARS_MAX && !body.contains('\0');
        let body = self.text_if_any(self.body, is_body);
        SendManner { queued: self.good(queued).unwrap_or(true), title, body }
    }
}
