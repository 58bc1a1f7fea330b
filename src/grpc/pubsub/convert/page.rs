//! Pages of lists.

use crate::domain::pubsub::page::ListPage;

/// What is on a page, each as it is said, and what asks for the next one.
pub fn entries<T, W>(page: ListPage<T>, said: impl FnMut(T) -> W) -> (Vec<W>, String) {
    (page.entries.into_iter().map(said).collect(), page.next)
}
