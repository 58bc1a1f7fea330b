//! Topics.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::time::WireDuration;
use super::{object, unless_empty, unsupported};
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::topic::{
    Labels, PublishTopic, SchemaSettings, StoragePolicy, TopicConfig,
};

/// The encodings of schemas, by Google's numbers.
const ENCODINGS: [&str; 3] = ["ENCODING_UNSPECIFIED", "JSON", "BINARY"];

/// A topic.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TopicJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Labels>,
    #[serde(
        deserialize_with = "object",
        alias = "message_storage_policy",
        skip_serializing_if = "Option::is_none"
    )]
    message_storage_policy: Option<StoragePolicyJson>,
    #[serde(alias = "kms_key_name", skip_serializing_if = "Option::is_none")]
    kms_key_name: Option<String>,
    #[serde(
        deserialize_with = "object",
        alias = "schema_settings",
        skip_serializing_if = "Option::is_none"
    )]
    schema_settings: Option<SchemaSettingsJson>,
    #[serde(alias = "message_retention_duration", skip_serializing_if = "Option::is_none")]
    message_retention_duration: Option<WireDuration>,
    /// Said by Google's own answers; what a request says of it counts for nothing.
    #[serde(skip_serializing)]
    state: Option<Value>,
    #[serde(alias = "satisfies_pzs", skip_serializing)]
    satisfies_pzs: Option<bool>,
    #[serde(alias = "ingestion_data_source_settings", skip_serializing)]
    ingestion_data_source_settings: Option<Value>,
    #[serde(alias = "message_transforms", skip_serializing)]
    message_transforms: Option<Value>,
    #[serde(skip_serializing)]
    tags: Option<Value>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct StoragePolicyJson {
    #[serde(alias = "allowed_persistence_regions", skip_serializing_if = "Option::is_none")]
    allowed_persistence_regions: Option<Vec<String>>,
    #[serde(alias = "enforce_in_transit", skip_serializing_if = "Option::is_none")]
    enforce_in_transit: Option<bool>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct SchemaSettingsJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<EncodingJson>,
    #[serde(alias = "first_revision_id", skip_serializing_if = "Option::is_none")]
    first_revision_id: Option<String>,
    #[serde(alias = "last_revision_id", skip_serializing_if = "Option::is_none")]
    last_revision_id: Option<String>,
}

/// An encoding, by its name or its number.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum EncodingJson {
    Number(i32),
    Name(String),
}

/// An update of a topic.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TopicUpdateJson {
    #[serde(deserialize_with = "object")]
    pub topic: Option<TopicJson>,
    #[serde(alias = "update_mask")]
    pub update_mask: Option<String>,
}

impl TopicJson {
    /// What is set by it.
    ///
    /// # Errors
    /// Invalid argument, unimplemented.
    pub fn config(self) -> Result<TopicConfig, PubsubRefusal> {
        for (field, said) in [
            ("ingestionDataSourceSettings", &self.ingestion_data_source_settings),
            ("messageTransforms", &self.message_transforms),
            ("tags", &self.tags),
        ] {
            unsupported(field, said.as_ref())?;
        }
        Ok(TopicConfig {
            labels: self.labels.unwrap_or_default(),
            retention: self.message_retention_duration.map(|WireDuration(duration)| duration),
            storage_policy: self.message_storage_policy.map(|policy| StoragePolicy {
                allowed_persistence_regions: policy.allowed_persistence_regions.unwrap_or_default(),
                enforce_in_transit: policy.enforce_in_transit.unwrap_or_default(),
            }),
            kms_key_name: self.kms_key_name.unwrap_or_default(),
            schema: self.schema_settings.map(SchemaSettingsJson::settings).transpose()?,
        })
    }
}

impl SchemaSettingsJson {
    fn settings(self) -> Result<SchemaSettings, PubsubRefusal> {
        let encoding = match self.encoding {
            None => Some(0),
            Some(EncodingJson::Number(number)) => Some(number),
            Some(EncodingJson::Name(name)) => {
                let place = ENCODINGS.iter().position(|known| *known == name);
                place.and_then(|place| i32::try_from(place).ok())
            }
        };
        Ok(SchemaSettings {
            schema: self.schema.unwrap_or_default(),
            encoding: encoding.ok_or_else(|| PubsubRefusal::invalid("encoding is unknown"))?,
            first_revision_id: self.first_revision_id.unwrap_or_default(),
            last_revision_id: self.last_revision_id.unwrap_or_default(),
        })
    }

    fn of(settings: SchemaSettings) -> Self {
        let name = usize::try_from(settings.encoding).ok().filter(|number| *number > 0);
        let name = name.and_then(|number| ENCODINGS.get(number));
        Self {
            schema: unless_empty(settings.schema),
            encoding: name.map(|name| EncodingJson::Name((*name).to_owned())),
            first_revision_id: unless_empty(settings.first_revision_id),
            last_revision_id: unless_empty(settings.last_revision_id),
        }
    }
}

impl From<PublishTopic> for TopicJson {
    fn from(topic: PublishTopic) -> Self {
        let config = topic.config;
        Self {
            name: Some(topic.name.to_string()),
            labels: unless_empty(config.labels),
            message_storage_policy: config.storage_policy.map(|policy| StoragePolicyJson {
                allowed_persistence_regions: unless_empty(policy.allowed_persistence_regions),
                enforce_in_transit: unless_empty(policy.enforce_in_transit),
            }),
            kms_key_name: unless_empty(config.kms_key_name),
            schema_settings: config.schema.map(SchemaSettingsJson::of),
            message_retention_duration: config.retention.map(WireDuration),
            ..Self::default()
        }
    }
}
