//! The devices of `examples/device`, in Python and in C, against a server.

use std::path::PathBuf;
use std::process::{Command, Output};

use super::*;
use crate::harness::cutter::Cutter;
use crate::harness::{process, soon, until};

fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/device").join(name)
}

/// The device in C, built as its head says.
fn built(folder: &std::path::Path) -> PathBuf {
    let program = folder.join("device");
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o"]);
    cc.arg(&program).arg(example("device.c"));
    let output = process::output(cc);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

/// A device that ends after so many messages, on its way.
fn start(mut command: Command) -> tokio::task::JoinHandle<Output> {
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    actix_web::rt::task::spawn_blocking(move || process::output(command))
}

async fn is_there(stage: &Stage, device: DeviceId) -> bool {
    stage.server.running().hub.is_online(Mailbox::Device(device)).await.unwrap()
}

/// Connects, gets what waits and what comes, loses its connection, comes back, and ends.
async fn run(stage: &Stage, device: DeviceId, command: impl Fn(&str, u16, &str) -> Command) {
    let wire = Cutter::to(stage.server.address);
    let text = "\"quoted\" \\ ünd\nmehr 안녕";
    for number in 0..120 {
        stage.send(&format!("{number} {text}"), &[device]).await;
    }
    let address = wire.address;
    let child = start(command(&address.ip().to_string(), address.port(), "123"));
    soon("the device", async {
        while !is_there(stage, device).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    stage.send("live", &[device]).await;
    // As if the network had gone.
    wire.cut();
    stage.send(&"x".repeat(65_536), &[device]).await;
    stage.send("last", &[device]).await;
    let output = soon("the end of the device", child).await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 123, "{said}");
    let data = |line: &str| -> String {
        serde_json::from_str(line.split_once(' ').expect("an id").1).expect("JSON")
    };
    assert_eq!(data(lines[119]), format!("119 {text}"));
    assert_eq!(data(lines[120]), "live");
    assert_eq!(data(lines[122]), "last");
    until("its end", || stage.server.running().metrics.sessions.get() == 0).await;
    // All of it is acknowledged.
    let mut client = stage.log_in(device).await;
    nothing(&mut client).await;
    client.close().await;
}

#[actix_web::test]
async fn devices_in_python_and_c_get_everything_once() {
    let stage = Stage::open(Backend::Sqlite).await;
    let (python, c) = (stage.device(1).await, stage.device(2).await);
    let token = stage.token.clone();
    run(&stage, python, |host, port, count| {
        let mut command = Command::new("python3");
        command.arg(example("device.py")).arg(format!("ws://{host}:{port}/device/ws"));
        command.args([&token, &python.uuid().hex(), "--count", count]);
        command
    })
    .await;
    let program = built(stage.server.folder());
    run(&stage, c, |host, port, count| {
        let mut command = Command::new(&program);
        command.args([host, &port.to_string(), &token, &c.uuid().hex(), count]);
        command
    })
    .await;
    // Whoever is not let in does not try for ever.
    let mut command = Command::new(&program);
    let address = stage.server.address;
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    command.args([&host, &port, "no token", &c.uuid().hex()]);
    let output = soon("the end", start(command)).await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    stage.close([]).await;
}
