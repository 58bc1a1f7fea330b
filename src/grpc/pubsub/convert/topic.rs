//! Topics.

use crate::domain::pubsub::name::TopicName;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::topic::{PublishTopic, SchemaSettings, StoragePolicy, TopicConfig};
use crate::grpc::pubsub::convert::{absent, time};
use crate::grpc::pubsub::wire;

/// A topic's name and what is set of it.
pub fn from_wire(topic: wire::Topic) -> Result<(TopicName, TopicConfig), PubsubRefusal> {
    let name = TopicName::parse(&topic.name)?;
    absent(topic.ingestion_data_source_settings.is_none(), "ingestion_data_source_settings")?;
    absent(topic.message_transforms.is_empty(), "message_transforms")?;
    absent(topic.tags.is_empty(), "tags")?;
    let retention = topic.message_retention_duration.as_ref();
    let retention =
        retention.map(|it| time::duration_from(it, "message_retention_duration")).transpose()?;
    let config = TopicConfig {
        labels: topic.labels,
        retention,
        storage_policy: topic.message_storage_policy.map(|policy| StoragePolicy {
            allowed_persistence_regions: policy.allowed_persistence_regions,
            enforce_in_transit: policy.enforce_in_transit,
        }),
        kms_key_name: topic.kms_key_name,
        schema: topic.schema_settings.map(|schema| SchemaSettings {
            schema: schema.schema,
            encoding: schema.encoding,
            first_revision_id: schema.first_revision_id,
            last_revision_id: schema.last_revision_id,
        }),
    };
    Ok((name, config))
}

/// A topic as it is told.
pub fn to_wire(topic: PublishTopic) -> wire::Topic {
    let PublishTopic { id: _, name, config } = topic;
    wire::Topic {
        name: name.to_string(),
        labels: config.labels,
        message_storage_policy: config.storage_policy.map(|policy| wire::MessageStoragePolicy {
            allowed_persistence_regions: policy.allowed_persistence_regions,
            enforce_in_transit: policy.enforce_in_transit,
        }),
        kms_key_name: config.kms_key_name,
        schema_settings: config.schema.map(|schema| wire::SchemaSettings {
            schema: schema.schema,
            encoding: schema.encoding,
            first_revision_id: schema.first_revision_id,
            last_revision_id: schema.last_revision_id,
        }),
        message_retention_duration: config.retention.map(time::duration_to),
        state: wire::topic::State::Active.into(),
        ..Default::default()
    }
}
