//! The devices that a list of texts names, each once, whatever the spelling.

use std::collections::HashSet;

use crate::domain::id::DeviceId;
use crate::domain::uuid::Uuid;

/// What a list names, in its order. Of a device that is named twice the first spelling counts.
pub(in crate::store) struct NamedDevices {
    /// Each text, with its device as long as something can be done for that.
    items: Vec<(String, Option<i64>)>,
}

impl NamedDevices {
    /// What these texts name, whether there is such a device or not.
    pub fn new(texts: &[String]) -> Self {
        let (mut uuids, mut others) = (HashSet::new(), HashSet::new());
        let mut items = Vec::with_capacity(texts.len());
        for text in texts {
            let uuid = Uuid::parse(text);
            let is_first = match uuid {
                Some(uuid) => uuids.insert(uuid),
                None => others.insert(text.as_str()),
            };
            if is_first {
                let device = uuid.and_then(DeviceId::of_uuid).map(DeviceId::get);
                items.push((text.clone(), device));
            }
        }
        Self { items }
    }

    /// Nothing can be done for the others.
    pub fn keep(&mut self, may: impl Fn(i64) -> bool) {
        for (_, device) in &mut self.items {
            *device = device.filter(|id| may(*id));
        }
    }

    /// The devices for which something can be done.
    pub fn ids(&self) -> Vec<i64> {
        self.items.iter().filter_map(|(_, device)| *device).collect()
    }

    /// How many they are.
    pub fn count(&self) -> i64 {
        i64::try_from(self.items.iter().filter(|(_, device)| device.is_some()).count())
            .unwrap_or(i64::MAX)
    }

    /// The texts that name none of them.
    pub fn into_failed(self) -> Vec<String> {
        self.items
            .into_iter()
            .filter(|(_, device)| device.is_none())
            .map(|(text, _)| text)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_counts_once_in_its_first_spelling() {
        let id = |raw| DeviceId::new(raw).unwrap();
        let (one, other) = (id(7).uuid(), id(8).uuid());
        let texts = [
            one.to_string().to_uppercase(),
            one.hex(),
            "no device".to_owned(),
            other.hex(),
            "no device".to_owned(),
            other.to_string(),
        ];
        let mut named = NamedDevices::new(&texts);
        assert_eq!(named.ids(), [7, 8]);
        named.keep(|id| id != 8);
        assert_eq!((named.ids(), named.count()), (vec![7], 1));
        assert_eq!(named.into_failed(), ["no device".to_owned(), other.hex()]);
    }
}
