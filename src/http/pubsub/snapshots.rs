//! Snapshots.

use super::PubsubDoor;
use super::json::{SnapshotJson, SnapshotUpdateJson, same_name};
use super::request::{RestAnswer, RestRequest, done, listed, page_of, said};
use super::route::SnapshotCall;
use crate::domain::pubsub::name::SnapshotName;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::service::pubsub::Pubsub;

/// Answers what is asked of snapshots.
pub(super) async fn answer(
    door: &PubsubDoor,
    call: SnapshotCall,
    asked: &RestRequest,
) -> RestAnswer {
    let pubsub = &door.pubsub;
    match call {
        SnapshotCall::Create(name) => create(pubsub, name, asked).await,
        SnapshotCall::Get(name) => said(&SnapshotJson::from(pubsub.snapshot(&name).await?)),
        SnapshotCall::Update(name) => update(pubsub, &name, asked).await,
        SnapshotCall::Delete(name) => {
            pubsub.delete_snapshot(&name).await?;
            done()
        }
        SnapshotCall::List(project) => {
            let page = pubsub.snapshots(&project, asked.page()?).await?;
            listed("snapshots", page_of::<_, SnapshotJson>(page))
        }
    }
}

async fn create(pubsub: &Pubsub, name: SnapshotName, asked: &RestRequest) -> RestAnswer {
    let mut snapshot: SnapshotJson = asked.json()?;
    same_name("name", snapshot.name.as_deref(), &name)?;
    let (subscription, labels) = (snapshot.subscription()?, snapshot.labels());
    said(&SnapshotJson::from(pubsub.create_snapshot(name, &subscription, labels).await?))
}

async fn update(pubsub: &Pubsub, name: &SnapshotName, asked: &RestRequest) -> RestAnswer {
    let update: SnapshotUpdateJson = asked.json()?;
    let mask = asked.mask(update.update_mask.as_deref());
    let mut snapshot = update.snapshot.unwrap_or_default();
    same_name("snapshot.name", snapshot.name.as_deref(), name)?;
    let (mut labels, mut expires_at) = (None, None);
    for field in &mask {
        match field.as_str() {
            "labels" => labels = Some(snapshot.labels()),
            "expire_time" => expires_at = Some(snapshot.expires_at()?),
            _ => {
                let what =
                    format!("the field {field:?} of update_mask never changes, or is unknown");
                return Err(PubsubRefusal::invalid(what).into());
            }
        }
    }
    if mask.is_empty() {
        return Err(PubsubRefusal::invalid("update_mask is empty").into());
    }
    said(&SnapshotJson::from(pubsub.update_snapshot(name, labels, expires_at).await?))
}
