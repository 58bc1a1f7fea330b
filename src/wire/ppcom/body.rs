//! Bodies of messages that are files: JSON inside a text.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::apps::body::{BodyFormat, FileAbout, FileBody, FileFacts};
use crate::domain::apps::customer::MessageSubtype;
use crate::domain::uuid::Uuid;
use crate::wire::json;

/// How bodies are read and written.
pub const FORMAT: BodyFormat = BodyFormat { read, write };

/// The longest kind of content that a sender may name, in bytes.
const MIME_BYTES_MAX: usize = 128;
/// The longest name of a file, in bytes.
const NAME_BYTES_MAX: usize = 255;
/// The longest number that says how long something takes, in bytes.
const DURATION_BYTES_MAX: usize = 32;

fn read(subtype: MessageSubtype, body: &str) -> Option<FileBody> {
    let [fid, mime, name, duration] = json::members(body, ["fid", "mime", "name", "dura"])?;
    let file = Uuid::parse(&fid.and_then(json::string)?)?;
    let mime = || short(mime, MIME_BYTES_MAX);
    let about = match subtype {
        MessageSubtype::Text => return None,
        MessageSubtype::LongText => FileAbout::LongText,
        MessageSubtype::Image => FileAbout::Image { mime: mime()? },
        MessageSubtype::File => FileAbout::File { name: short(name, NAME_BYTES_MAX)? },
        MessageSubtype::Audio => FileAbout::Audio { mime: mime()?, duration: number(duration)? },
    };
    Some(FileBody { file, about })
}

/// A text that may be missing, and must not be long; `None` for what is no such text.
fn short(raw: Option<&RawValue>, bytes_max: usize) -> Option<Option<String>> {
    let Some(raw) = raw.filter(|raw| !json::is_null(raw)) else { return Some(None) };
    let text = json::string(raw)?.into_owned();
    (text.len() <= bytes_max).then_some(Some(text))
}

/// A number, as it is written or in a text.
fn number(raw: Option<&RawValue>) -> Option<Option<String>> {
    let Some(raw) = raw.filter(|raw| !json::is_null(raw)) else { return Some(None) };
    let text = json::string(raw).map_or_else(|| raw.get().to_owned(), |text| text.into_owned());
    let is_number = text.len() <= DURATION_BYTES_MAX && text.parse().is_ok_and(f64::is_finite);
    is_number.then_some(Some(raw.get().to_owned()))
}

fn write(body: &FileBody, facts: &FileFacts) -> String {
    let fid = body.file;
    match &body.about {
        FileAbout::LongText => text(&LongTextBody { fid }),
        FileAbout::File { name } => {
            let name = name.as_deref().unwrap_or(&facts.name);
            text(&AnyFileBody { fid, mime: &facts.mime, size: facts.size, name })
        }
        FileAbout::Image { mime } => {
            let (width, height) = facts.pixels.unzip();
            text(&ImageBody {
                thum: fid,
                orig: fid,
                mime: mime.as_deref().unwrap_or(&facts.mime),
                orig_width: width,
                orig_height: height,
                thum_width: width,
                thum_height: height,
            })
        }
        FileAbout::Audio { mime, duration } => {
            let mime = mime.as_deref().unwrap_or(&facts.mime);
            let dura = duration.clone().and_then(|raw| RawValue::from_string(raw).ok());
            text(&AudioBody { fid, mime, dura })
        }
    }
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[derive(Serialize)]
struct LongTextBody {
    fid: Uuid,
}

#[derive(Serialize)]
struct AnyFileBody<'a> {
    fid: Uuid,
    mime: &'a str,
    size: i64,
    name: &'a str,
}

#[derive(Serialize)]
struct ImageBody<'a> {
    thum: Uuid,
    orig: Uuid,
    mime: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    orig_width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    orig_height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thum_width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thum_height: Option<u32>,
}

#[derive(Serialize)]
struct AudioBody<'a> {
    fid: Uuid,
    mime: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dura: Option<Box<RawValue>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const FID: &str = "35d61241-8f35-4c7e-ba8c-6492813ddf2d";

    fn delivered(subtype: MessageSubtype, rest: &str) -> Option<String> {
        let facts = FileFacts {
            name: "own.txt".to_owned(),
            mime: "text/plain".to_owned(),
            size: 3,
            pixels: Some((2, 1)),
        };
        let body = read(subtype, &format!(r#"{{"fid":"{FID}"{rest}}}"#))?;
        Some(write(&body, &facts))
    }

    #[test]
    fn a_file_is_delivered_with_what_is_known_of_it() {
        for (subtype, said, told) in [
            (MessageSubtype::LongText, "", format!(r#"{{"fid":"{FID}"}}"#)),
            (
                MessageSubtype::File,
                r#","name":"a.pdf""#,
                format!(r#"{{"fid":"{FID}","mime":"text/plain","size":3,"name":"a.pdf"}}"#),
            ),
            (
                MessageSubtype::File,
                "",
                format!(r#"{{"fid":"{FID}","mime":"text/plain","size":3,"name":"own.txt"}}"#),
            ),
            (
                MessageSubtype::Image,
                r#","mime":"image/png""#,
                format!(
                    r#"{{"thum":"{FID}","orig":"{FID}","mime":"image/png","orig_width":2,"orig_height":1,"thum_width":2,"thum_height":1}}"#
                ),
            ),
            (
                MessageSubtype::Audio,
                r#","mime":"audio/mp3","dura":1.5"#,
                format!(r#"{{"fid":"{FID}","mime":"audio/mp3","dura":1.5}}"#),
            ),
        ] {
            assert_eq!(delivered(subtype, said), Some(told), "{said}");
        }
    }

    #[test]
    fn what_is_no_body_is_none() {
        for body in ["", "hi", "[]", "{}", r#"{"fid":1}"#, r#"{"fid":"x"}"#, r#"{"fid":null}"#] {
            assert_eq!(read(MessageSubtype::LongText, body), None, "{body}");
        }
        assert_eq!(delivered(MessageSubtype::Text, ""), None);
        let long = format!(r#","mime":"{}""#, "x".repeat(MIME_BYTES_MAX + 1));
        for bad in [r#","mime":1"#, &long] {
            assert_eq!(delivered(MessageSubtype::Image, bad), None, "{bad}");
        }
        for bad in [r#","dura":"x""#, r#","dura":[]"#, r#","dura":true"#] {
            assert_eq!(delivered(MessageSubtype::Audio, bad), None, "{bad}");
        }
    }
}
