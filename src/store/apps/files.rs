//! Files that users of apps have sent up, by names that nobody can guess.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use crate::domain::apps::body::FileFacts;
use crate::domain::apps::customer::Conversation;
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, UserId};
use crate::domain::uuid::Uuid;
use crate::store::chat::groups;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::user_id;
use crate::store::engine::statement::{Statement, Value};
use crate::store::schema::app_files;

/// How much of a file is looked at to tell the size of an image.
const HEAD_BYTES: usize = 32;

const FACTS: &str = "SELECT user_id, name, mime, CAST(length(bytes) AS BIGINT), substr(bytes, 1, 32) \
    FROM app_files WHERE id = ? AND app_id = ?";
const SIZES: &str =
    "SELECT CAST(COALESCE(sum(length(bytes)), 0) AS BIGINT) FROM app_files WHERE user_id = ?";

/// A file to be stored.
#[derive(Clone)]
pub struct NewFile {
    pub id: Uuid,
    pub app: AppId,
    pub user: UserId,
    pub name: String,
    pub mime: String,
    pub created_at: Timestamp,
    pub bytes: bytes::Bytes,
}

/// A file that was sent up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    pub name: String,
    pub mime: String,
    pub bytes: Vec<u8>,
}

/// Stores a file, unless its user has so many bytes of them that it would be more than `bytes_max`; whether it is
/// stored.
///
/// # Errors
/// [`StoreError::Database`]; so for all here.
pub fn insert(conn: &mut Connection, new: &NewFile, bytes_max: i64) -> Result<bool, StoreError> {
    let values = [Value::Int(new.user.get())];
    let sizes: Vec<i64> = Statement::<BigInt>::new(SIZES, &values).load(conn)?;
    let size = i64::try_from(new.bytes.len()).unwrap_or(i64::MAX);
    if sizes.iter().sum::<i64>().saturating_add(size) > bytes_max {
        return Ok(false);
    }
    let row = (
        app_files::id.eq(new.id.to_string()),
        app_files::app_id.eq(new.app.get()),
        app_files::user_id.eq(new.user.get()),
        app_files::name.eq(&new.name),
        app_files::mime.eq(&new.mime),
        app_files::created_at.eq(new.created_at.micros()),
        app_files::bytes.eq(new.bytes.as_ref()),
    );
    diesel::insert_into(app_files::table).values(row).execute(conn)?;
    Ok(true)
}

/// A file.
///
/// # Errors
/// As [`insert`].
pub fn find(conn: &mut Connection, id: Uuid) -> Result<Option<StoredFile>, StoreError> {
    let columns = (app_files::name, app_files::mime, app_files::bytes);
    let row = app_files::table.find(id.to_string()).select(columns);
    let found: Option<(String, String, Vec<u8>)> = row.first(conn).optional()?;
    Ok(found.map(|(name, mime, bytes)| StoredFile { name, mime, bytes }))
}

/// What is known of a file, if a member of a conversation has sent it up.
///
/// # Errors
/// As [`insert`].
pub fn facts(
    conn: &mut Connection,
    conversation: &Conversation,
    id: Uuid,
) -> Result<Option<FileFacts>, StoreError> {
    let id = id.to_string();
    let values = [Value::Text(&id), Value::Int(conversation.app.get())];
    let query = Statement::<(BigInt, Text, Text, BigInt, Binary)>::new(FACTS, &values);
    let rows: Vec<(i64, String, String, i64, Vec<u8>)> = query.load(conn)?;
    let Some((user, name, mime, size, head)) = rows.into_iter().next() else { return Ok(None) };
    if !groups::is_member(conn, conversation.id, user_id(user)?)? {
        return Ok(None);
    }
    let pixels = pixels(&head);
    Ok(Some(FileFacts { name, mime, size, pixels }))
}

/// Width and height of an image, by the first bytes of its file; of PNG and GIF, which have them there.
fn pixels(head: &[u8]) -> Option<(u32, u32)> {
    debug_assert!(head.len() <= HEAD_BYTES, "more is not asked for");
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        let number = |at: usize| -> Option<u32> {
            let bytes = head.get(at..at.checked_add(4)?)?;
            Some(u32::from_be_bytes(bytes.try_into().ok()?))
        };
        return number(16).zip(number(20));
    }
    if head.starts_with(b"GIF8") {
        let number = |at: usize| -> Option<u32> {
            let bytes = head.get(at..at.checked_add(2)?)?;
            Some(u16::from_le_bytes(bytes.try_into().ok()?).into())
        };
        return number(6).zip(number(8));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_an_image_is_read_from_its_head() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        png.extend([0, 0, 2, 0, 0, 0, 1, 0, 8, 6, 0, 0, 0]);
        assert_eq!(pixels(&png), Some((512, 256)));
        assert_eq!(pixels(&png[..20]), None);
        assert_eq!(pixels(b"GIF89a\x0a\x00\x14\x00"), Some((10, 20)));
        assert_eq!(pixels(b"\xff\xd8\xff\xe0"), None);
        assert_eq!(pixels(b""), None);
    }
}
