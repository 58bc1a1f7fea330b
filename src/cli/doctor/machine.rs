//! What the machine carries.

use super::finding::Finding;
use crate::server::Config;
use crate::server::capacity::{self, Bound, Capacity, FilesLimit};

/// How many sessions the machine bears: open files and memory.
pub fn check(config: &Config) -> Vec<Finding> {
    let Some(files) = capacity::files() else {
        return vec![Finding::warning(
            "open files",
            "their limit is not known on this system",
            "make sure that it is above ws.sessions_max",
        )];
    };
    // The hub raises the one to the other when it starts.
    let raised = FilesLimit { soft: files.hard, ..files };
    let capacity = Capacity::of(config, Some(raised));
    let found = format!("this machine carries {capacity}");
    vec![match capacity.by {
        Bound::Setting(_) => Finding::good("capacity", found),
        Bound::Files(_) => Finding::warning(
            "capacity",
            found,
            "raise the hard limit (systemd: LimitNOFILE=, else /etc/security/limits.conf), or lower \
             ws.sessions_max to say no earlier",
        ),
        Bound::Memory(_) => Finding::warning(
            "capacity",
            found,
            "add memory, or lower ws.sessions_max to say no earlier",
        ),
    }]
}
