//! Files of customer chat: sent up by whoever is there, and had by whoever knows their names.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

use super::Apps;
use crate::auth::random;
use crate::domain::apps::token::AppToken;
use crate::domain::id::{AppId, UserId};
use crate::domain::uuid::Uuid;
use crate::service::ServiceFault;
use crate::store::apps::files::NewFile;
use crate::store::apps::{message_lookups, message_writes};

pub use crate::store::apps::files::StoredFile;

/// A file to be kept.
#[derive(Clone)]
pub struct FileDraft {
    pub name: String,
    pub mime: String,
    pub bytes: Bytes,
}

/// Why a file is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileRefusal {
    /// Whose it is said to be is not there, or is somebody else than who shows a token.
    #[error("the user is not there")]
    NotYours,
    /// The user has sent up as much as may be.
    #[error("no more files of this user are kept")]
    Full,
    #[error(transparent)]
    Fault(#[from] ServiceFault),
}

impl Apps {
    /// The longest file that is kept, in bytes.
    pub fn file_bytes_max(&self) -> usize {
        self.settings.file_bytes_max
    }

    /// The right to read one more file from a socket: each is held in memory as a whole.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`].
    pub fn upload(&self) -> Result<OwnedSemaphorePermit, ServiceFault> {
        Arc::clone(&self.uploads).try_acquire_owned().map_err(|_| ServiceFault::Busy)
    }

    /// Keeps a file for the user of a token, or for one who has a socket of customer chat; its name.
    ///
    /// # Errors
    /// Each variant of [`FileRefusal`].
    pub async fn keep_file(
        &self,
        (token, user): (Option<&AppToken>, Option<UserId>),
        draft: FileDraft,
    ) -> Result<Uuid, FileRefusal> {
        let (app, user) = self.sender_of(token, user).await?.ok_or(FileRefusal::NotYours)?;
        let id = random::uuid().map_err(ServiceFault::from)?;
        let FileDraft { name, mime, bytes } = draft;
        let created_at = self.clock.now();
        let file = NewFile { id, app, user, name, mime, created_at, bytes };
        let add = message_writes::add_file(file, self.settings.files_bytes_max);
        match self.store.run(add).await.map_err(ServiceFault::from)? {
            true => Ok(id),
            false => Err(FileRefusal::Full),
        }
    }

    async fn sender_of(
        &self,
        token: Option<&AppToken>,
        user: Option<UserId>,
    ) -> Result<Option<(AppId, UserId)>, FileRefusal> {
        if let Some(token) = token {
            let own = token.user.filter(|own| user.is_none_or(|user| user == *own));
            return Ok(own.map(|own| (token.app, own)));
        }
        let Some(user) = user else { return Ok(None) };
        let app = self.hub.app_of(user).await.map_err(|_| ServiceFault::Busy)?;
        Ok(app.map(|app| (app, user)))
    }

    /// A file, if there is one of that name.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn file(&self, id: Uuid) -> Result<Option<StoredFile>, ServiceFault> {
        Ok(self.store.read(message_lookups::file(id)).await?)
    }
}
