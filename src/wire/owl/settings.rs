//! The section `owl`.

use std::time::Duration;

use crate::config::{Rule, at_least, section, socket_address_or_empty};
use crate::domain::apps::console::DEVICE_TEXT_CHARS_MAX;
use crate::domain::apps::downstream::{DATA_BYTES_MAX, DEVICES_MAX};

/// JSON may write each byte of a message with six; beside it are a list of devices and the frame around both.
const FRAME_BYTES_MIN: usize =
    6 * DATA_BYTES_MAX + DEVICES_MAX * (DEVICE_TEXT_CHARS_MAX + 3) + 16_384;

section! {
    /// Servers of apps, as those made for RationalOwl: over TCP, and over HTTP below /owl.
    Settings {
        /// The IP address and port to listen on for RationalOwl's Node SDK, which asks without encryption:
        /// 127.0.0.1:9081. Empty: none.
        bind: String = String::new() => socket_address_or_empty();
        /// What servers are told to connect to for their channel, as host:port; the SDK takes no address of
        /// IPv6. Empty: the address listened on.
        address: String = String::new() => host_and_port_or_empty();
        /// Whether the same is served over HTTP, below /owl of the first address.
        rest: bool = false;
        /// The longest body over HTTP, in bytes.
        rest_body_bytes_max: usize = 1_048_576 => at_least(FRAME_BYTES_MIN);
        /// Bodies above 64 KiB over HTTP at once. Who comes above it is told to try again later.
        rest_large_bodies_max: usize = 32 => at_least(1);
        /// How often a server shows that it is there, in minutes. It is told so.
        keep_alive_minutes: u32 = 30 => at_least(1);
        /// How long a channel may be silent, in minutes; at least three times keep_alive_minutes, since the
        /// SDK never connects again.
        idle_timeout_minutes: u32 = 100 => at_least(3);
        /// How long a connection may take until it is a channel, in milliseconds. Those for one request live
        /// no longer.
        channel_timeout_ms: u64 = 10_000 => at_least(1);
        /// The longest frame, in bytes. A longer one ends the connection.
        frame_bytes_max: usize = 4_194_304 => at_least(FRAME_BYTES_MIN);
        /// The same of a connection that is no channel yet.
        frame_before_channel_bytes_max: usize = 16_384 => at_least(1_024);
        /// What one connection may ask for per second. What comes faster waits.
        frames_per_second: u32 = 100 => at_least(1);
        /// Requests that have come before, and signs of life, of one connection per second, which are passed
        /// over: the SDK sends what it has sent once more. What comes faster waits.
        repeats_per_second: u32 = 10_000 => at_least(100);
        /// How long a frame may take from its first byte to its last, in milliseconds. A slower one ends the
        /// connection.
        frame_timeout_ms: u64 = 60_000 => at_least(1);
        /// Frames of which more than 64 KiB has come, at once. Further ones wait unread.
        large_frames_max: usize = 32 => at_least(1);
        /// Connections at once.
        connections_max: usize = 1_000 => at_least(1);
        /// Connections at once of one address of the network. Addresses of IPv6 count by their /64 network.
        connections_per_ip_max: usize = 100 => at_least(1);
        /// What may wait for a server of what devices have sent, in bytes. What is beyond that it never hears.
        outbox_bytes_max: usize = 1_048_576 => at_least(DATA_BYTES_MAX + 1_024);
    }
}

impl Settings {
    /// How long a channel may be silent.
    pub fn idle_timeout(&self) -> Duration {
        Duration::from_secs(60).saturating_mul(self.idle_timeout_minutes)
    }

    /// How long a connection may take until it is a channel.
    pub fn channel_timeout(&self) -> Duration {
        Duration::from_millis(self.channel_timeout_ms)
    }

    /// How long a frame may take.
    pub fn frame_timeout(&self) -> Duration {
        Duration::from_millis(self.frame_timeout_ms)
    }

    /// Whether channels may be silent for three times as long as they are told to be.
    pub fn lets_channels_live(&self) -> bool {
        self.idle_timeout_minutes >= self.keep_alive_minutes.saturating_mul(3)
    }
}

fn host_and_port_or_empty() -> Rule<String> {
    Rule::new("empty, or a host and a port, such as hub.example:9081", |text: &String| {
        let is_place = |(host, port): (&str, &str)| {
            let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
            let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
            !host.is_empty() && host.bytes().all(is_host) && is_port
        };
        text.is_empty() || text.split_once(':').is_some_and(is_place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_the_sdk_can_split_at_its_colon() {
        for (text, is_good) in [
            ("", true),
            ("hub.example:9081", true),
            ("10.0.0.1:1", true),
            ("hub.example", false),
            ("hub.example:", false),
            ("hub.example:0", false),
            ("[::1]:9081", false),
            ("::1", false),
            ("a b:9081", false),
            (":9081", false),
        ] {
            let fault = host_and_port_or_empty().fault("owl", "address", &text.to_owned());
            assert_eq!(fault.is_none(), is_good, "{text}");
        }
    }
}
