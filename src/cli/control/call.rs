//! The command's side of the control socket.

use std::fmt::Display;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::ops::ControlFlow;
use std::os::unix::net::UnixStream;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::{ControlAnswer, ControlRequest, line, name, path};
use crate::cli::task::{Output, Task};
use crate::server::Config;
use crate::store::Holder;

/// Has the hub that has the database do a task. Gives the task back, with the reason, if that hub cannot
/// be reached: it may be about to end.
///
/// # Errors
/// The hub's own, in its words; or that it went away.
pub fn call(
    config: &Config,
    hub: &Holder,
    task: Task,
    out: &mut Output<'_>,
) -> anyhow::Result<ControlFlow<(), (Task, String)>> {
    let request = ControlRequest { hub: name(hub), task };
    let mut why = String::new();
    for path in path::candidates(config) {
        match path::connect(&path) {
            Ok(stream) => match ask(&stream, &request, out)? {
                ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
                ControlFlow::Continue(()) => why = unreachable(&path, &"another hub listens there"),
            },
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                bail!("{hub}; {}", unreachable(&path, &error))
            }
            Err(error) if why.is_empty() => why = unreachable(&path, &error),
            Err(_) => {}
        }
    }
    Ok(ControlFlow::Continue((request.task, why)))
}

fn unreachable(path: &Path, why: &dyn Display) -> String {
    format!("it cannot be asked at {}: {why} (control.socket)", path.display())
}

/// Asks, and passes on what is answered. Continues if it was the wrong hub.
fn ask(
    stream: &UnixStream,
    request: &ControlRequest,
    out: &mut Output<'_>,
) -> anyhow::Result<ControlFlow<()>> {
    const GONE: &str = "the hub went away before it had answered; what was asked may be done";
    (&*stream).write_all(&line(request)?).context(GONE)?;
    for answer in BufReader::new(stream).lines() {
        let answer = answer.and_then(|text| serde_json::from_str(&text).map_err(io::Error::other));
        match answer.context(GONE)? {
            ControlAnswer::Screen(text) => out.screen.write_all(text.as_bytes())?,
            ControlAnswer::File(text) => out.file.write_all(text.as_bytes())?,
            ControlAnswer::Done => return Ok(ControlFlow::Break(())),
            ControlAnswer::Failed(why) => bail!(why),
            ControlAnswer::AnotherHub => return Ok(ControlFlow::Continue(())),
        }
    }
    bail!(GONE)
}
