//! Calls about devices, and about where agents log in.

use serde::Serialize;
use serde_json::json;

use super::answer::{ApiAnswer, ApiAnswered};
use super::api::ApiRequest;
use super::code::ApiCode;
use super::fields;
use super::objects::{AppObject, UserFields};
use crate::domain::apps::customer::is_trace;
use crate::domain::apps::device::{Device, OsType};

/// A device of the asker, by the secret of the widget or another name; one that is known is answered with a code of
/// its own.
pub async fn create(request: &ApiRequest<'_>, known: ApiCode) -> ApiAnswered {
    let given = &request.fields;
    let [_, os] = given.all(["user_uuid", "device_ostype"])?;
    let trace = given.text("ppcom_trace_uuid").filter(|trace| !trace.is_empty());
    let terminal = trace.map_or_else(|| given.required("device_id"), Ok)?;
    given.asking_user(&request.asker)?;
    if trace.is_some_and(|trace| !is_trace(trace)) {
        return Err(ApiCode::Invalid);
    }
    let os = os_type(os)?;
    let made = request.apps.terminal(&request.asker, (terminal, os), request.peer).await?;
    let answer = ApiAnswer::with(&json!({"device_uuid": made.device.id.uuid().to_string()}))?;
    Ok(if made.is_known { answer.coded(known) } else { answer })
}

/// What a device runs on.
pub async fn update(request: &ApiRequest<'_>) -> ApiAnswered {
    let [device, os] = request.fields.all(["device_uuid", "device_ostype"])?;
    let device = own(request, device).await?;
    request.apps.set_os(device, os_type(os)?).await?;
    Ok(ApiAnswer::done())
}

/// An agent comes with a device.
pub async fn log_in(request: &ApiRequest<'_>) -> ApiAnswered {
    #[derive(Serialize)]
    struct LoggedIn<'a> {
        #[serde(flatten)]
        user: UserFields<'a>,
        app: AppObject<'a>,
        browser_device_uuid: Option<String>,
        mobile_device_uuid: Option<String>,
    }
    let [email, terminal, os] = request.fields.all(["user_email", "terminal", "ostype"])?;
    let asker = &request.asker;
    let user = request.apps.agent_of_address(asker, email).await?;
    let os = os_type(os)?;
    let at = request.apps.log_in_at(asker, (terminal, os), request.peer).await?;
    let [browser, mobile] = [at.0, at.1].map(|id| id.map(|id| id.uuid().to_string()));
    ApiAnswer::with(&LoggedIn {
        user: UserFields::from(&user),
        app: AppObject::from(&asker.app),
        browser_device_uuid: browser,
        mobile_device_uuid: mobile,
    })
}

/// An agent goes.
pub async fn log_out(request: &ApiRequest<'_>) -> ApiAnswered {
    let device = users_own(request).await?;
    request.apps.log_out_at(device).await?;
    Ok(ApiAnswer::done())
}

/// Whether an agent is logged in at a device.
pub async fn validate(request: &ApiRequest<'_>) -> ApiAnswered {
    let device = users_own(request).await?;
    let valid = request.apps.is_logged_in_at(device).await?;
    ApiAnswer::with(&json!({"valid": valid}))
}

async fn users_own(request: &ApiRequest<'_>) -> Result<Device, ApiCode> {
    let [_, device] = request.fields.all(["user_uuid", "device_uuid"])?;
    request.fields.asking_user(&request.asker)?;
    own(request, device).await
}

/// The device that a text names, if it is the asker's.
pub async fn own(request: &ApiRequest<'_>, device: &str) -> Result<Device, ApiCode> {
    Ok(request.apps.own_device(&request.asker, fields::device(device)).await?)
}

fn os_type(name: &str) -> Result<OsType, ApiCode> {
    OsType::parse(name).ok_or(ApiCode::Invalid)
}
