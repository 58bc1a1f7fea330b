//! Who may open a session: so many may be open at once, and so many of one address before their
//! users are known.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::auth::concurrency::{AddressPermit, PerAddress};

/// The seats of a hub.
pub struct Seats {
    all: Arc<Semaphore>,
    before_auth: Arc<PerAddress>,
}

/// The right to be open, given back when dropped.
pub struct Seat {
    _permit: OwnedSemaphorePermit,
    /// While its user is not known. Apart, because most sessions are past that.
    before_auth: Option<Box<BeforeAuth>>,
}

/// What is known of a socket whose user is not.
#[derive(Default)]
struct BeforeAuth {
    /// The place of its address among those of such sockets, where these are counted.
    _permit: Option<AddressPermit>,
    /// The origin of the page that has opened it, for those who judge it by that.
    origin: Option<String>,
}

/// Why there is no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSeat {
    /// As many sessions are open as may be.
    Full,
    /// The address has too many open whose users are not known.
    Address,
}

impl NoSeat {
    /// When an address that had none may try again.
    pub const RETRY_AFTER: Duration = Duration::from_secs(1);
}

impl Seats {
    /// So many seats, of which one address may have so many before auth.
    pub fn new(sessions_max: usize, before_auth_max: Option<usize>) -> Self {
        Self {
            all: Arc::new(Semaphore::new(sessions_max.min(Semaphore::MAX_PERMITS))),
            before_auth: PerAddress::new(before_auth_max),
        }
    }

    /// The right to open one more session for an address.
    ///
    /// # Errors
    /// Each variant of [`NoSeat`].
    pub fn take(&self, ip: IpAddr) -> Result<Seat, NoSeat> {
        let permit = Arc::clone(&self.all).try_acquire_owned().map_err(|_| NoSeat::Full)?;
        let before_auth = self.before_auth.open(ip).map_err(|_| NoSeat::Address)?;
        let before_auth =
            before_auth.map(|permit| Box::new(BeforeAuth { _permit: Some(permit), origin: None }));
        Ok(Seat { _permit: permit, before_auth })
    }
}

impl Seat {
    /// Remembers which page has opened the socket, as long as its user is not known.
    pub fn opened_by(mut self, origin: Option<&str>) -> Self {
        if let Some(origin) = origin {
            self.before_auth.get_or_insert_default().origin = Some(origin.to_owned());
        }
        self
    }

    /// The origin of the page that has opened the socket, where that is remembered.
    pub fn origin(&self) -> Option<&str> {
        self.before_auth.as_ref()?.origin.as_deref()
    }

    /// Its user is known: from now on it counts for the address no more.
    pub fn identified(&mut self) {
        self.before_auth = None;
    }
}
