//! What a call brings: members of a JSON object. What is `null`, or of another type, is not there.

use serde_json::{Map, Value};

use super::code::ApiCode;
use crate::domain::apps::customer::{
    PAGE_SIZE, PAGE_SIZE_MAX, PageAsked, PageFrom, is_message_name,
};
use crate::domain::id::{AppId, DeviceId, GroupId, UserId};
use crate::domain::uuid::Uuid;
use crate::service::apps::CustomerAsker;

/// The members of a request's body.
pub struct ApiFields(Map<String, Value>);

impl ApiFields {
    /// Reads a body; `None` if it is no JSON object.
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok().map(Self)
    }

    /// A member, unless it is `null`.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(Value::as_str)
    }

    /// A text that is kept, if it is there.
    pub fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// A text that has to be there, and not empty.
    ///
    /// # Errors
    /// [`ApiCode::Missing`].
    pub fn required(&self, name: &str) -> Result<&str, ApiCode> {
        self.text(name).filter(|text| !text.is_empty()).ok_or(ApiCode::Missing)
    }

    /// Texts that have to be there: all are asked for before anything is done with one.
    ///
    /// # Errors
    /// [`ApiCode::Missing`].
    pub fn all<const N: usize>(&self, names: [&str; N]) -> Result<[&str; N], ApiCode> {
        let mut texts = [""; N];
        for (place, name) in texts.iter_mut().zip(names) {
            *place = self.required(name)?;
        }
        Ok(texts)
    }

    /// The asker, whom the field `user_uuid` has to name.
    ///
    /// # Errors
    /// [`ApiCode::Missing`], [`ApiCode::WrongToken`].
    pub fn asking_user(&self, asker: &CustomerAsker) -> Result<UserId, ApiCode> {
        let named = user(self.required("user_uuid")?).ok_or(ApiCode::WrongToken)?;
        let is_asker = asker.user.as_ref().is_some_and(|user| user.id == named);
        is_asker.then_some(named).ok_or(ApiCode::WrongToken)
    }

    /// Whether the app that is named is that of the token, if one is named.
    ///
    /// # Errors
    /// [`ApiCode::WrongToken`], also if none is named where one has to be.
    pub fn check_app(&self, asker: &CustomerAsker, is_required: bool) -> Result<(), ApiCode> {
        let Some(value) = self.value("app_uuid") else {
            return if is_required { Err(ApiCode::WrongToken) } else { Ok(()) };
        };
        let named = value.as_str().and_then(Uuid::parse).and_then(AppId::of_uuid);
        if named == Some(asker.app.id) { Ok(()) } else { Err(ApiCode::WrongToken) }
    }

    /// Which page is asked for.
    ///
    /// # Errors
    /// [`ApiCode::BothEnds`], [`ApiCode::PageTooLarge`], [`ApiCode::Invalid`].
    pub fn page(&self) -> Result<PageAsked, ApiCode> {
        // What can be no name is as good as one that nobody knows.
        let known =
            |name: &str| if is_message_name(name) { name.to_owned() } else { String::new() };
        let from = match (self.text("max_uuid"), self.text("min_uuid")) {
            (Some(_), Some(_)) => return Err(ApiCode::BothEnds),
            (Some(max), None) => PageFrom::Before(known(max)),
            (None, Some(min)) => PageFrom::After(known(min)),
            (None, None) => PageFrom::Newest,
        };
        let size = match self.value("page_size").and_then(Value::as_number) {
            None => PAGE_SIZE,
            Some(number) => {
                let size = number.as_i64().filter(|size| *size > 0).ok_or(ApiCode::Invalid)?;
                let size = u32::try_from(size).ok().filter(|size| *size <= PAGE_SIZE_MAX);
                size.ok_or(ApiCode::PageTooLarge)?
            }
        };
        let offset = match self.value("page_offset").and_then(Value::as_number) {
            None => 0,
            Some(number) => {
                let offset = number.as_u64().ok_or(ApiCode::Invalid)?;
                u32::try_from(offset).unwrap_or(u32::MAX)
            }
        };
        Ok(PageAsked { from, offset, size })
    }
}

/// The user whom a text names, if it can be one.
pub fn user(text: &str) -> Option<UserId> {
    UserId::of_uuid(Uuid::parse(text)?)
}

/// The device that a text names, if it can be one.
pub fn device(text: &str) -> Option<DeviceId> {
    DeviceId::of_uuid(Uuid::parse(text)?)
}

/// The conversation that a text names, if it can be one.
pub fn conversation(text: &str) -> Option<GroupId> {
    GroupId::of_uuid(Uuid::parse(text)?)
}
