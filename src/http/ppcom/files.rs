//! `POST /upload/upload/`, the same for long texts, and `GET /download/download/<id>`.
//!
//! Widgets bring no token here: who has a socket may send files up, and who knows a file's name, which nobody can
//! guess, may have it.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::multipart::{self, FormPart};
use crate::domain::apps::token::AppToken;
use crate::domain::id::UserId;
use crate::domain::uuid::Uuid;
use crate::http::error::ApiError;
use crate::http::{State, body};
use crate::service::apps::{FileDraft, FileRefusal};

/// The most that a form may hold around a file, in bytes.
const FORM_BYTES_MAX: usize = 16_384;
/// The longest name of a file, in bytes.
const FILE_NAME_BYTES_MAX: usize = 255;
/// The longest media type of a file, in bytes.
const MEDIA_TYPE_BYTES_MAX: usize = 128;
/// What the name of a file may hold as it is in a header.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// The answer to a file.
#[derive(Serialize)]
struct FileKept {
    fuuid: String,
}

/// The answer to a long text.
#[derive(Serialize)]
struct TextKept {
    fid: String,
}

/// Keeps a file.
pub async fn upload(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    let fuuid = keep(&request, payload, &state).await?.to_string();
    Ok(HttpResponse::Ok().json(FileKept { fuuid }))
}

/// Keeps a long text.
pub async fn upload_text(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    let fid = keep(&request, payload, &state).await?.to_string();
    Ok(HttpResponse::Ok().json(TextKept { fid }))
}

async fn keep(request: &HttpRequest, payload: Payload, state: &State) -> Result<Uuid, ApiError> {
    const NO_FORM: ApiError = ApiError::bad_request("a form with a file is expected.");
    let apps = &state.service.apps;
    let token = token(request, state).await?;
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = content_type.and_then(multipart::boundary).ok_or(NO_FORM)?;
    let _turn = apps.upload()?;
    let file_bytes_max = apps.file_bytes_max();
    let bytes_max = file_bytes_max.saturating_add(FORM_BYTES_MAX);
    let form = body::whole(request, payload, bytes_max).await?;
    let parts = multipart::parts(&form, &boundary).ok_or(NO_FORM)?;
    let file = parts.iter().find(|part| part.file_name.is_some() || part.name == "file");
    let file = file.ok_or(NO_FORM)?;
    if file.content.len() > file_bytes_max {
        return Err(body::BodyFault::TooLarge.into());
    }
    let user = parts.iter().find(|part| part.name == "user_uuid");
    let user = user.and_then(|part| std::str::from_utf8(&part.content).ok());
    let user = user.and_then(|text| Uuid::parse(text.trim())).and_then(UserId::of_uuid);
    let kept = apps.keep_file((token.as_ref(), user), draft(file)).await;
    kept.map_err(ApiError::from)
}

fn draft(file: &FormPart) -> FileDraft {
    let name = file.file_name.as_deref().unwrap_or("file.txt");
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let ends = name.char_indices().map(|(at, one)| at.saturating_add(one.len_utf8()));
    let end = ends.take_while(|end| *end <= FILE_NAME_BYTES_MAX).last().unwrap_or(0);
    let name = name.get(..end).filter(|name| !name.is_empty()).unwrap_or("file").to_owned();
    let is_plain = |mime: &&str| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || "/.+-_".contains(c);
        mime.len() <= MEDIA_TYPE_BYTES_MAX && mime.contains('/') && mime.chars().all(is_word)
    };
    let mime = file.mime.as_deref().filter(is_plain).unwrap_or("application/octet-stream");
    FileDraft { name, mime: mime.to_owned(), bytes: file.content.clone() }
}

/// The token that comes with a request, if one does.
async fn token(request: &HttpRequest, state: &State) -> Result<Option<AppToken>, ApiError> {
    const NO_TOKEN: ApiError = ApiError::Refused(StatusCode::UNAUTHORIZED, "unknown token.");
    let Some(value) = request.headers().get(AUTHORIZATION) else { return Ok(None) };
    let (scheme, text) =
        value.to_str().ok().and_then(|value| value.trim().split_once(' ')).ok_or(NO_TOKEN)?;
    let is_known = ["oauth", "bearer"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if !is_known {
        return Err(NO_TOKEN);
    }
    state.service.apps.token(text.trim()).await?.ok_or(NO_TOKEN).map(Some)
}

/// `?file_name=`.
#[derive(Deserialize)]
pub struct DownloadQuery {
    file_name: Option<String>,
}

/// A file.
pub async fn download(
    id: Path<String>,
    query: Query<DownloadQuery>,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    const NO_FILE: ApiError = ApiError::Refused(StatusCode::NOT_FOUND, "no such file.");
    let id = Uuid::parse(&id).ok_or(NO_FILE)?;
    let file = state.service.apps.file(id).await?.ok_or(NO_FILE)?;
    let name = query.into_inner().file_name.filter(|name| name.len() <= FILE_NAME_BYTES_MAX);
    let name = name.unwrap_or(file.name);
    let name = utf8_percent_encode(&name, PLAIN);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, file.mime))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}")))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "private, max-age=31536000, immutable"))
        .body(file.bytes))
}

impl From<FileRefusal> for ApiError {
    fn from(refusal: FileRefusal) -> Self {
        match refusal {
            FileRefusal::NotYours => Self::Refused(StatusCode::FORBIDDEN, "the user is not there."),
            FileRefusal::Full => Self::Refused(
                StatusCode::INSUFFICIENT_STORAGE,
                "no more files of this user are kept.",
            ),
            FileRefusal::Fault(fault) => fault.into(),
        }
    }
}
