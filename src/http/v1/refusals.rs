//! The service's refusals as problems: each has its code.

use super::problem::{Code, Problem};
use crate::service::ServiceFault;
use crate::service::accounts::{
    AskRefusal, ChangeRefusal, PasswordRefusal, ProofRefusal, ResetRefusal,
};

impl From<ServiceFault> for Problem {
    fn from(fault: ServiceFault) -> Self {
        match fault {
            ServiceFault::TooMany(over) => over.into(),
            ServiceFault::Busy => Code::Busy.into(),
            ServiceFault::Internal => Code::Internal.into(),
        }
    }
}

impl From<ChangeRefusal> for Problem {
    fn from(refusal: ChangeRefusal) -> Self {
        match refusal {
            ChangeRefusal::NameInvalid => Code::NameInvalid.into(),
            ChangeRefusal::ProfileInvalid => Code::ProfileInvalid.into(),
            ChangeRefusal::NameTaken => Code::NameTaken.into(),
            ChangeRefusal::Fault(fault) => fault.into(),
        }
    }
}

impl From<ProofRefusal> for Problem {
    fn from(refusal: ProofRefusal) -> Self {
        match refusal {
            ProofRefusal::NoUser => Code::TokenInvalid.into(),
            ProofRefusal::Wrong => Code::PasswordWrong.into(),
            ProofRefusal::Fault(fault) => fault.into(),
        }
    }
}

impl From<PasswordRefusal> for Problem {
    fn from(refusal: PasswordRefusal) -> Self {
        match refusal {
            PasswordRefusal::Invalid => Code::PasswordInvalid.into(),
            PasswordRefusal::Proof(refusal) => refusal.into(),
        }
    }
}

impl From<AskRefusal> for Problem {
    fn from(refusal: AskRefusal) -> Self {
        match refusal {
            AskRefusal::EmailInvalid => Code::EmailInvalid.into(),
            AskRefusal::Fault(fault) => fault.into(),
        }
    }
}

impl From<ResetRefusal> for Problem {
    fn from(refusal: ResetRefusal) -> Self {
        match refusal {
            ResetRefusal::PasswordInvalid => Code::PasswordInvalid.into(),
            ResetRefusal::NoSuchKey => Code::NoSuchKey.into(),
            ResetRefusal::Fault(fault) => fault.into(),
        }
    }
}
