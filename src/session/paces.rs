//! How fast one socket may ask, where its dialect says so: besides what its user may ask by all doors together.

use std::collections::HashMap;
use std::sync::Arc;

use crate::auth::rates::{Counter, Rate, Rates};
use crate::wire::{DialectId, Dialects, Pace, Variant};

/// The rates of all dialects that have one.
#[derive(Default)]
pub struct Paces(HashMap<DialectId, Arc<Rates>>);

impl Paces {
    /// Those of these dialects.
    pub fn new(dialects: &Dialects) -> Self {
        let rates = |Pace { per_second, burst }| Rates::new(Some(Rate { per_second, burst }));
        let pace = |(id, pace): (DialectId, Option<Pace>)| Some((id, rates(pace?)));
        Self(dialects.paces().filter_map(pace).collect())
    }

    /// What counts for one socket, if anything does.
    pub fn of(&self, variant: Variant) -> Option<Counter> {
        self.0.get(&variant.dialect()).map(Rates::stranger)
    }
}
