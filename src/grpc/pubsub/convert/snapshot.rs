//! Snapshots, and where a subscription is sought to.

use crate::domain::clock::Timestamp;
use crate::domain::pubsub::name::SnapshotName;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::snapshot::{SeekTarget, Snapshot};
use crate::domain::pubsub::topic::Labels;
use crate::grpc::pubsub::convert::{required, subscription, time};
use crate::grpc::pubsub::wire;
use crate::grpc::pubsub::wire::seek_request::Target;

/// What is changed of a snapshot: its name, and each that the mask names.
pub type SnapshotChanges = (SnapshotName, Option<Labels>, Option<Timestamp>);

/// Reads a change by the fields that its mask names.
pub fn changes_from(
    snapshot: wire::Snapshot,
    mask: &[String],
) -> Result<SnapshotChanges, PubsubRefusal> {
    let name = SnapshotName::parse(&snapshot.name)?;
    let (mut labels, mut expires_at) = (None, None);
    if mask.is_empty() {
        return Err(PubsubRefusal::invalid("update_mask is empty"));
    }
    for field in mask {
        match field.as_str() {
            "labels" => labels = Some(snapshot.labels.clone()),
            "expire_time" => {
                let moment = required(snapshot.expire_time.as_ref(), "expire_time")?;
                expires_at = Some(time::timestamp_from(moment, "expire_time")?);
            }
            other => {
                let what = format!("a snapshot's {other:?} cannot be changed");
                return Err(PubsubRefusal::invalid(what));
            }
        }
    }
    Ok((name, labels, expires_at))
}

/// Reads where to.
pub fn target_from(target: Option<Target>) -> Result<SeekTarget, PubsubRefusal> {
    Ok(match required(target, "target")? {
        Target::Time(moment) => SeekTarget::Time(time::timestamp_from(&moment, "time")?),
        Target::Snapshot(name) => SeekTarget::Snapshot(SnapshotName::parse(&name)?),
    })
}

/// A snapshot as it is told.
pub fn to_wire(snapshot: Snapshot) -> wire::Snapshot {
    wire::Snapshot {
        name: snapshot.name.to_string(),
        topic: subscription::topic_to(snapshot.topic_name.as_ref()),
        expire_time: Some(time::timestamp_to(snapshot.expires_at)),
        labels: snapshot.labels,
    }
}
