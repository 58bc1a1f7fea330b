//! Refusals as statuses of gRPC.

use std::collections::{BTreeMap, HashMap};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::domain::pubsub::refusal::{AckFailure, PubsubRefusal, PubsubStatus as RefusalStatus};

/// How much of a text for people is told. It goes into a header, and may repeat what was sent.
const TEXT_CHARS_MAX: usize = 512;
/// How much is told of ids that did not work. It goes into a header, too, of which official clients take 8 KiB. A client takes
/// what is not told for not done and asks again, or for as bad as what is told, by the status.
const ACKS_BYTES_MAX: usize = 4_096;

const REASON: &str = "ACKNOWLEDGEMENT_FAILED";
const DOMAIN: &str = "pubsub.googleapis.com";

impl From<PubsubRefusal> for Status {
    fn from(refusal: PubsubRefusal) -> Self {
        let code = code(refusal.status);
        let text: String = refusal.message.chars().take(TEXT_CHARS_MAX).collect();
        if refusal.acks.is_empty() {
            return Self::new(code, text);
        }
        let details = ErrorDetails::with_error_info(REASON, DOMAIN, told(refusal.acks));
        Self::with_error_details(code, text, details)
    }
}

fn told(acks: BTreeMap<String, AckFailure>) -> HashMap<String, String> {
    let mut bytes = 0_usize;
    acks.into_iter()
        .map(|(id, failure)| (id, failure.reason().to_owned()))
        .take_while(|(id, reason)| {
            bytes = bytes.saturating_add(id.len()).saturating_add(reason.len());
            bytes <= ACKS_BYTES_MAX
        })
        .collect()
}

const fn code(status: RefusalStatus) -> Code {
    match status {
        RefusalStatus::InvalidArgument => Code::InvalidArgument,
        RefusalStatus::FailedPrecondition => Code::FailedPrecondition,
        RefusalStatus::Unauthenticated => Code::Unauthenticated,
        RefusalStatus::PermissionDenied => Code::PermissionDenied,
        RefusalStatus::NotFound => Code::NotFound,
        RefusalStatus::AlreadyExists => Code::AlreadyExists,
        RefusalStatus::Aborted => Code::Aborted,
        RefusalStatus::ResourceExhausted => Code::ResourceExhausted,
        RefusalStatus::Internal => Code::Internal,
        RefusalStatus::Unimplemented => Code::Unimplemented,
        RefusalStatus::Unavailable => Code::Unavailable,
        RefusalStatus::DeadlineExceeded => Code::DeadlineExceeded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_fits_into_a_header() {
        let mut refusal = PubsubRefusal::invalid("ü".repeat(1 << 20));
        let status = Status::from(refusal.clone());
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(status.message().chars().count(), TEXT_CHARS_MAX);
        refusal.acks =
            (0..1_000).map(|n| (format!("{n:0100}"), AckFailure::InvalidAckId)).collect();
        let status = Status::from(refusal);
        assert!((1_000..6_000).contains(&status.details().len()), "{}", status.details().len());
        let info = status.get_details_error_info().unwrap();
        assert!(info.metadata.values().all(|it| it == "PERMANENT_FAILURE_INVALID_ACK_ID"));
        assert!(info.metadata.len() > 20);
    }
}
