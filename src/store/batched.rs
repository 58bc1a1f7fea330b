//! Look-ups that gather while the one before them runs, as writes do.
//!
//! In a storm of connections everybody asks the same question about somebody else. A lone question
//! goes out at once; those that come while no reader is free are answered together, in one
//! transaction.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::store::Store;
use crate::store::engine::Connection;
use crate::store::engine::database::Database;
use crate::store::engine::error::StoreError;
use crate::store::engine::lines::{Line, LineTurn};

/// The most questions of one transaction, so that several readers share a storm.
const BATCH_MAX: usize = 64;

/// Answers many questions at once, in their order.
pub type Load<K, V> = fn(&mut Connection, &[K]) -> Result<Vec<V>, StoreError>;

/// One kind of question. Cheap to clone; all clones gather together.
pub struct Batched<K, V> {
    store: Store,
    load: Load<K, V>,
    waiting: Arc<Mutex<Vec<Question<K, V>>>>,
}

struct Question<K, V> {
    key: K,
    reply: Reply<V>,
}

type Reply<V> = oneshot::Sender<Result<V, StoreError>>;

impl<K, V> Clone for Batched<K, V> {
    fn clone(&self) -> Self {
        let (store, waiting) = (self.store.clone(), Arc::clone(&self.waiting));
        Self { store, load: self.load, waiting }
    }
}

impl<K: Send + 'static, V: Send + 'static> Batched<K, V> {
    /// Questions that `load` answers.
    pub fn new(store: Store, load: Load<K, V>) -> Self {
        Self { store, load, waiting: Arc::default() }
    }

    /// Asks. What the caller has seen committed is in the answer. The caller bounds how many ask at
    /// once.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn get(&self, key: K) -> Result<V, StoreError> {
        let (reply, answer) = oneshot::channel();
        let first = {
            let mut waiting = self.lock();
            waiting.push(Question { key, reply });
            waiting.len() == 1
        };
        if first {
            self.submit();
        }
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Has a reader answer what waits by then.
    fn submit(&self) {
        let this = self.clone();
        if let Err(error) =
            self.store.look(Line::Nobody, move |database, turn| this.answer(database, turn))
        {
            fail(mem::take(&mut *self.lock()).into_iter().map(|question| question.reply), error);
        }
    }

    fn answer(&self, database: &Database, turn: LineTurn) {
        let (batch, more) = {
            let mut waiting = self.lock();
            let size = waiting.len().min(BATCH_MAX);
            (waiting.drain(..size).collect::<Vec<_>>(), !waiting.is_empty())
        };
        if more {
            self.submit();
        }
        // Whoever has gone needs no answer.
        let asking = batch.into_iter().filter(|question| !question.reply.is_closed());
        let (keys, replies): (Vec<K>, Vec<_>) =
            asking.map(|question| (question.key, question.reply)).unzip();
        if keys.is_empty() {
            return;
        }
        let loaded = database.look(|conn| (self.load)(conn, &keys));
        drop(turn);
        match loaded {
            Ok(values) => {
                for (reply, value) in replies.into_iter().zip(values) {
                    drop(reply.send(Ok(value)));
                }
            }
            Err(error) => fail(replies.into_iter(), error),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Question<K, V>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells everybody of the same error.
fn fail<V>(replies: impl Iterator<Item = Reply<V>>, error: StoreError) {
    let error = Arc::new(error);
    for reply in replies {
        drop(reply.send(Err(StoreError::Together(Arc::clone(&error)))));
    }
}
