//! The section `limits`.

use crate::config::{at_least, section};

section! {
    /// Rate limits. Addresses of IPv6 count by their /64 network.
    Settings {
        /// Whether any of them applies; false is for tests and load runs.
        enabled: bool = true;
        /// Logins tried from one address of the network, per minute.
        login_per_ip_per_minute: u32 = 120 => at_least(1);
        /// Wrong logins with one e-mail address from one network (a /24 of IPv4, a /64 of IPv6), per
        /// minute.
        login_per_email_per_minute: u32 = 20 => at_least(1);
        /// Wrong logins with one e-mail address from all networks together, per hour. Networks from
        /// which its user has logged in before neither count nor are kept out.
        login_elsewhere_per_email_per_hour: u32 = 100 => at_least(1);
        /// Log-ins kept of one user. With one more the one renewed longest ago ends.
        logins_per_user_max: u32 = 100 => at_least(1);
        /// Accounts asked for from one address of the network, per hour.
        register_per_ip_per_hour: u32 = 120 => at_least(1);
        /// Requests of one address of the network that are not finished, at once; but at most a quarter
        /// of the files that the process may open. As many connections are kept open between requests.
        unfinished_requests_per_ip_max: usize = 256 => at_least(1);
        /// Sockets of one address of the network at once of which it is not known yet whose they are.
        sockets_before_auth_per_ip_max: usize = 256 => at_least(1);
        /// Accounts asked for with one e-mail address, per hour. However many wait, one mail waits.
        register_per_email_per_hour: u32 = 5 => at_least(1);
        /// Members of a group.
        group_members_max: usize = 1_000 => at_least(1);
        /// Groups that one user may be in.
        groups_per_user_max: u32 = 500 => at_least(1);
        /// Groups that one user may be put into by others in a day.
        group_additions_per_day: u32 = 50 => at_least(1);
        /// Requests for friendship that one user may make in a day.
        friend_requests_per_day: u32 = 100 => at_least(1);
        /// New passwords asked for from one address of the network, per hour.
        reset_per_ip_per_hour: u32 = 30 => at_least(1);
        /// New passwords asked for with one e-mail address, per hour.
        reset_per_email_per_hour: u32 = 5 => at_least(1);
        /// What one user asks for per second, in the long run: frames of all sessions, and requests.
        commands_per_second: u32 = 100 => at_least(1);
        /// What one user asks for at once.
        commands_burst: u32 = 1_000 => at_least(1);
        /// Requests with tokens of one user, to /api/v1 and /api/chatting, per second, in the long run.
        api_per_second: u32 = 20 => at_least(1);
        /// Requests with tokens of one user at once.
        api_burst: u32 = 200 => at_least(1);
        /// Wrong secrets at the log-in of the console, from one address, per minute.
        console_login_wrong_per_ip_per_minute: u32 = 10 => at_least(1);
        /// Wrong secrets of apps' keys, wrong passwords of agents and wrong ids of services, from one address,
        /// per minute.
        app_key_wrong_per_ip_per_minute: u32 = 20 => at_least(1);
        /// New visitors of an app from one address, per hour: the key of a widget is public.
        app_visitors_per_ip_per_hour: u32 = 120 => at_least(1);
        /// New devices of an app from one address, per hour.
        app_devices_per_ip_per_hour: u32 = 240 => at_least(1);
        /// What servers of one app ask for per second, over TCP and HTTP together.
        app_calls_per_second: u32 = 200 => at_least(1);
        /// Visitors that one app may have; those whom nobody has seen for long are forgotten.
        app_visitors_max: u32 = 1_000_000 => at_least(1);
        /// Apps that there may be.
        apps_max: u32 = 1_000 => at_least(1);
        /// Topics that there may be.
        topics_max: u32 = 10_000 => at_least(1);
        /// Subscriptions that there may be.
        subscriptions_max: u32 = 10_000 => at_least(1);
        /// Origins that one app may allow.
        app_origins_max: usize = 50 => at_least(1);
        /// Sessions that one user may have; one more ends the oldest.
        sessions_per_user_max: usize = 50 => at_least(1);
    }
}

impl Settings {
    /// A limit, if there are any.
    pub fn on<T>(&self, limit: T) -> Option<T> {
        self.enabled.then_some(limit)
    }

    /// How many log-ins of one user are kept; `None` for any number.
    pub fn logins_per_user_max(&self) -> Option<usize> {
        self.on(self.logins_per_user_max).and_then(|max| usize::try_from(max).ok())
    }
}
