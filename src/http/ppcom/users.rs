//! Calls about users, and about the app itself.

use serde::Serialize;
use serde_json::json;

use super::answer::{ApiAnswer, ApiAnswered};
use super::api::ApiRequest;
use super::code::ApiCode;
use super::fields;
use super::objects::{self, AppObject, UserFields};
use crate::service::apps::FaceWish;

/// The only type of object that is described: a user.
const USER: &str = "DU";

/// A visitor, by the secret in the widget's cookie.
pub async fn create_anonymous(request: &ApiRequest<'_>) -> ApiAnswered {
    let secret = request.fields.required("ppcom_trace_uuid")?;
    let user = request.apps.visitor(&request.asker, secret, request.peer).await?;
    ApiAnswer::with(&UserFields::from(&user))
}

/// A visitor, by an address.
pub async fn uuid_of_email(request: &ApiRequest<'_>) -> ApiAnswered {
    let email = request.fields.required("user_email")?;
    let wish = FaceWish { email: None, ..wish(request) };
    let (apps, asker) = (request.apps, &request.asker);
    let user = apps.visitor_with_email(asker, email, wish, request.peer).await?;
    ApiAnswer::with(&json!({"user_uuid": user.id.uuid().to_string()}))
}

/// Changes how a user is shown.
pub async fn update(request: &ApiRequest<'_>) -> ApiAnswered {
    let user = if request.asker.level().administers() {
        fields::user(request.fields.required("user_uuid")?).ok_or(ApiCode::NoUser)?
    } else {
        request.fields.asking_user(&request.asker)?
    };
    request.apps.change_user(&request.asker, user, wish(request)).await?;
    Ok(ApiAnswer::done())
}

/// Describes a user.
pub async fn detail(request: &ApiRequest<'_>) -> ApiAnswered {
    #[derive(Serialize)]
    struct Detail<'a> {
        r#type: &'static str,
        uuid: String,
        email: Option<&'a str>,
        name: &'a str,
        desc: Option<&'a str>,
        fullname: &'a str,
        icon: Option<&'a str>,
        timestamp: i64,
        updated: i64,
        is_service_user: bool,
    }
    let [kind, uuid] = request.fields.all(["type", "uuid"])?;
    if kind != USER {
        return Err(ApiCode::WrongType);
    }
    let whom = fields::user(uuid).ok_or(ApiCode::NoObject)?;
    let user = request.apps.seen_user(&request.asker, whom).await?;
    let updated = objects::seconds(user.updated_at);
    ApiAnswer::with(&Detail {
        r#type: USER,
        uuid: user.id.uuid().to_string(),
        email: objects::email(&user, &request.asker),
        name: &user.shown_name,
        desc: None,
        fullname: &user.shown_name,
        icon: user.icon.as_deref(),
        timestamp: updated,
        updated,
        is_service_user: user.is_agent,
    })
}

/// Makes a user, for an operator.
pub async fn create(request: &ApiRequest<'_>) -> ApiAnswered {
    let [email, _] = request.fields.all(["user_email", "user_fullname"])?;
    let is_agent = request.fields.value("is_service_user").and_then(serde_json::Value::as_bool);
    let is_agent = is_agent.unwrap_or(false);
    let wish = FaceWish { email: None, ..wish(request) };
    let user = request.apps.create_user(&request.asker, email, wish, is_agent).await?;
    ApiAnswer::with(&UserFields::from(&user))
}

/// Describes the app.
pub fn app_info(request: &ApiRequest<'_>) -> ApiAnswered {
    ApiAnswer::with(&AppObject::from(&request.asker.app))
}

fn wish(request: &ApiRequest<'_>) -> FaceWish {
    FaceWish {
        shown_name: request.fields.owned("user_fullname"),
        icon: request.fields.owned("user_icon"),
        email: request.fields.owned("user_email"),
    }
}
