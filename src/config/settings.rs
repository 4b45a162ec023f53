//! The table of settings. It alone says what can be set: reading, `--help`, complaints and README follow it.

use clap::{Arg, ArgMatches};

/// One thing that can be set.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the settings file; the names of its variable and flag are made of it.
    pub key: &'static str,
    /// Which values it takes, and how they are given.
    pub kind: Kind,
    /// What it is about.
    pub group: Group,
    /// Its value when nobody gives one, as one would write it.
    pub default: Option<&'static str>,
    /// What it means, for `--help` and README.
    pub help: &'static str,
}

/// Which values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One value, which `--help` shows by this placeholder.
    One(&'static str),
    /// `true` or `false`; the flag alone means `true`.
    Switch,
    /// Any number of values: separated by commas, or an array in the settings file.
    List(&'static str),
    /// A value that is never shown. It may come from a file, named by the same key with `_file` appended, and not from a
    /// flag: other users of a machine can read those.
    Secret,
}

/// What a setting is about: its heading in `--help`, and whether a command takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Where the gateway answers.
    Address,
    /// Which IPS it asks.
    Upstream,
    /// Who may ask for what.
    Callers,
    /// How long answers may be used and waited for.
    Time,
    /// How it runs.
    Operation,
}

impl Setting {
    /// The environment variable.
    #[must_use]
    pub fn variable(&self) -> String {
        variable(self.key)
    }

    /// The flag; that of a secret names a file.
    #[must_use]
    pub fn flag(&self) -> String {
        flag(&self.flag_key())
    }

    /// For a secret, the key that names the file to read it from.
    pub(super) fn file_key(&self) -> Option<String> {
        (self.kind == Kind::Secret).then(|| format!("{}_file", self.key))
    }

    fn flag_key(&self) -> String {
        self.file_key().unwrap_or_else(|| self.key.to_owned())
    }

    fn argument(&self) -> Arg {
        let arg = Arg::new(self.flag_key()).long(self.flag()[2..].to_owned()).help_heading(self.group.heading());
        let default = self.default.map(|value| format!(" [default: {value}]")).unwrap_or_default();
        let help = format!("{}{default} [env: {}]", self.help, self.variable());
        match self.kind {
            Kind::One(placeholder) => arg.value_name(placeholder).help(help),
            Kind::List(placeholder) => arg.value_name(format!("{placeholder},…")).help(help),
            Kind::Secret => arg.value_name("FILE").help(format!("file that holds: {help}")),
            Kind::Switch => {
                arg.value_name("BOOL").num_args(0..=1).require_equals(true).default_missing_value("true").help(help)
            }
        }
    }
}

impl Group {
    fn heading(self) -> &'static str {
        match self {
            Self::Address => "Address",
            Self::Upstream => "Upstream",
            Self::Callers => "Callers",
            Self::Time => "Time",
            Self::Operation => "Operation",
        }
    }
}

/// The prefix of the variables.
pub(super) const PREFIX: &str = "IPS_GATEWAY_";

/// The variable of a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase())
}

/// The flag of a key.
pub(super) fn flag(key: &str) -> String {
    format!("--{}", key.replace('_', "-"))
}

/// The key that names the settings file. It isn't in the table: the file can't name itself.
pub(super) const CONFIG: &str = "config";

/// The flags that a command takes for the settings of `groups`, and `--config`.
#[must_use]
pub fn arguments(groups: &[Group]) -> Vec<Arg> {
    let config = Arg::new(CONFIG)
        .long(CONFIG)
        .value_name("FILE")
        .help(format!("TOML file with settings; variables and flags take precedence [env: {}]", variable(CONFIG)));
    let settings = SETTINGS.iter().filter(|setting| groups.contains(&setting.group)).map(|setting| setting.argument());
    std::iter::once(config).chain(settings).collect()
}

/// The values of the flags of [`arguments`] by key.
pub(super) fn flags(matches: &ArgMatches) -> impl Iterator<Item = (String, String)> {
    matches.ids().filter_map(|id| {
        let value = matches.try_get_one::<String>(id.as_str()).ok()??;
        Some((id.to_string(), value.clone()))
    })
}

/// Every setting, in the order of README.
pub const SETTINGS: [&Setting; 38] = [
    &LISTEN,
    &PATH_PREFIX,
    &UPSTREAM_URL,
    &REGION,
    &STAGING,
    &UPSTREAM_CA_FILE,
    &API_VERSION,
    &COMPANY,
    &SERVICE_USER,
    &SERVICE_PASSWORD,
    &API_KEYS_FILE,
    &REQUIRE_IDEMPOTENCY_KEY,
    &CORS_ORIGINS,
    &FRESH,
    &STALE_WHILE_REVALIDATE,
    &STALE_IF_ERROR,
    &UPSTREAM_TIMEOUT,
    &UPSTREAM_WAIT,
    &UPSTREAM_CALLS,
    &UPSTREAM_FAILURES,
    &UPSTREAM_ANSWER_LIMIT,
    &REQUEST_TIMEOUT,
    &WRITE_TIMEOUT,
    &KEEP_ALIVE,
    &DRAIN_DELAY,
    &GRACE,
    &MAX_CONNECTIONS,
    &MAX_CONNECTIONS_PER_ADDRESS,
    &REQUEST_BODY_BUDGET,
    &RATE_LIMIT,
    &RATE_BURST,
    &MAX_STREAMS,
    &URL_SCHEMES,
    &URL_HOSTS,
    &SHARED_CACHE_URL,
    &SHARED_CACHE_KEY,
    &SHARED_CACHE_CA_FILE,
    &LOG_FORMAT,
];

pub(super) const LISTEN: Setting = Setting {
    key: "listen",
    kind: Kind::One("ADDRESS"),
    group: Group::Address,
    default: Some("127.0.0.1:8080"),
    help: "address and port to listen on; port 0 picks a free one, and the first line on stdout names it",
};
pub(super) const PATH_PREFIX: Setting = Setting {
    key: "path_prefix",
    kind: Kind::One("PATH"),
    group: Group::Address,
    default: Some("/"),
    help: "path that every route begins with, such as /ips",
};
pub(super) const UPSTREAM_URL: Setting = Setting {
    key: "upstream_url",
    kind: Kind::One("URL"),
    group: Group::Upstream,
    default: None,
    help: "URL of the IpsApiService; `serve` needs it or a region",
};
pub(super) const REGION: Setting = Setting {
    key: "region",
    kind: Kind::One("REGION"),
    group: Group::Upstream,
    default: None,
    help: "Adobe's IPS in na (North America), emea (Europe, Middle East) or apac (Asia Pacific), in place of a URL",
};
pub(super) const STAGING: Setting = Setting {
    key: "staging",
    kind: Kind::Switch,
    group: Group::Upstream,
    default: Some("false"),
    help: "the region's staging system",
};
pub(super) const UPSTREAM_CA_FILE: Setting = Setting {
    key: "upstream_ca_file",
    kind: Kind::One("FILE"),
    group: Group::Upstream,
    default: None,
    help: "certificates (PEM) of authorities to trust besides those of the system",
};
pub(super) const API_VERSION: Setting = Setting {
    key: "api_version",
    kind: Kind::One("VERSION"),
    group: Group::Upstream,
    default: Some("2014-04-03"),
    help: "IPS API version to speak; later ones have more fields",
};
pub(super) const COMPANY: Setting = Setting {
    key: "company",
    kind: Kind::One("COMPANY"),
    group: Group::Callers,
    default: None,
    help: "company, by name or handle, of requests that name none",
};
pub(super) const SERVICE_USER: Setting = Setting {
    key: "service_user",
    kind: Kind::One("EMAIL"),
    group: Group::Callers,
    default: None,
    help: "IPS user of the service account, which callers with an API key share; without one they pass their own credentials",
};
pub(super) const SERVICE_PASSWORD: Setting = Setting {
    key: "service_password",
    kind: Kind::Secret,
    group: Group::Callers,
    default: None,
    help: "password of the service account",
};
pub(super) const REQUIRE_IDEMPOTENCY_KEY: Setting = Setting {
    key: "require_idempotency_key",
    kind: Kind::Switch,
    group: Group::Callers,
    default: Some("false"),
    help: "refuse submits without an Idempotency-Key",
};
pub(super) const API_KEYS_FILE: Setting = Setting {
    key: "api_keys_file",
    kind: Kind::One("FILE"),
    group: Group::Callers,
    default: None,
    help: "file with the hashed API keys of the service account's callers, their roles and companies",
};
pub(super) const CORS_ORIGINS: Setting = Setting {
    key: "cors_origins",
    kind: Kind::List("ORIGIN"),
    group: Group::Callers,
    default: None,
    help: "origins whose pages may call the gateway, such as https://app.example.com, or * for any",
};
pub(super) const FRESH: Setting = Setting {
    key: "fresh",
    kind: Kind::One("DURATION"),
    group: Group::Time,
    default: Some("2s"),
    help: "age up to which a company's active jobs are served without asking IPS",
};
pub(super) const STALE_WHILE_REVALIDATE: Setting = Setting {
    key: "stale_while_revalidate",
    kind: Kind::One("DURATION"),
    group: Group::Time,
    default: Some("30s"),
    help: "time after that in which they are still served while IPS is asked in the background",
};
pub(super) const STALE_IF_ERROR: Setting = Setting {
    key: "stale_if_error",
    kind: Kind::One("DURATION"),
    group: Group::Time,
    default: Some("5m"),
    help: "time in which they are still served, marked as stale, when IPS fails",
};
pub(super) const UPSTREAM_TIMEOUT: Setting = Setting {
    key: "upstream_timeout",
    kind: Kind::One("DURATION"),
    group: Group::Time,
    default: Some("15s"),
    help: "time that a whole call to IPS may take, retries included",
};
pub(super) const UPSTREAM_WAIT: Setting = Setting {
    key: "upstream_wait",
    kind: Kind::One("DURATION"),
    group: Group::Time,
    default: Some("1s"),
    help: "time that a call may wait for its turn when as many are under way as may be",
};
pub(super) const UPSTREAM_CALLS: Setting = Setting {
    key: "upstream_calls",
    kind: Kind::One("NUMBER"),
    group: Group::Operation,
    default: Some("64"),
    help: "calls to IPS that may be under way at once",
};
pub(super) const UPSTREAM_FAILURES: Setting = Setting {
    key: "upstream_failures",
    kind: Kind::One("NUMBER"),
    group: Group::Operation,
    default: Some("5"),
    help: "failed calls within some 15 s after which IPS is given a rest, if they are half of all; 0: never",
};
pub(super) const UPSTREAM_ANSWER_LIMIT: Setting = Setting {
    key: "upstream_answer_limit",
    kind: Kind::One("BYTES"),
    group: Group::Operation,
    default: Some("64MiB"),
    help: "size of the largest answer of IPS that is read, compressed and decompressed",
};
pub(super) const REQUEST_TIMEOUT: Setting = Setting {
    key: "request_timeout",
    kind: Kind::One("DURATION"),
    group: Group::Time,
    default: Some("10s"),
    help: "time that a client has to send the head of a request, and again for its body",
};
pub(super) const WRITE_TIMEOUT: Setting = Setting {
    key: "write_timeout",
    kind: Kind::One("DURATION"),
    group: Group::Time,
    default: Some("30s"),
    help: "time in which a client that is slow to read must take at least 4 KiB of its answer",
};
pub(super) const KEEP_ALIVE: Setting = Setting {
    key: "keep_alive",
    kind: Kind::One("DURATION"),
    group: Group::Time,
    default: Some("75s"),
    help: "time that a connection is kept open without a request; to be longer than the load balancer keeps it",
};
pub(super) const DRAIN_DELAY: Setting = Setting {
    key: "drain_delay",
    kind: Kind::One("DURATION"),
    group: Group::Time,
    default: Some("0s"),
    help: "time after SIGTERM in which requests are still served while /readyz says 503, so that load balancers turn away",
};
pub(super) const GRACE: Setting = Setting {
    key: "grace",
    kind: Kind::One("DURATION"),
    group: Group::Time,
    default: Some("10s"),
    help: "time that requests under way may take to finish after that",
};
pub(super) const MAX_CONNECTIONS: Setting = Setting {
    key: "max_connections",
    kind: Kind::One("NUMBER"),
    group: Group::Operation,
    default: Some("10000"),
    help: "connections that may be open at a time; more are closed at once",
};
pub(super) const MAX_CONNECTIONS_PER_ADDRESS: Setting = Setting {
    key: "max_connections_per_address",
    kind: Kind::One("NUMBER"),
    group: Group::Operation,
    default: None,
    help: "the same for each address; not for use behind a load balancer, which is one",
};
pub(super) const REQUEST_BODY_BUDGET: Setting = Setting {
    key: "request_body_budget",
    kind: Kind::One("BYTES"),
    group: Group::Operation,
    default: Some("64MiB"),
    help: "memory that the bodies of all requests in flight may take; beyond it requests with a body are refused with 503",
};
pub(super) const RATE_LIMIT: Setting = Setting {
    key: "rate_limit",
    kind: Kind::One("NUMBER"),
    group: Group::Callers,
    default: Some("1000"),
    help: "requests a second that one caller may send in the long run, and all callers at one address together who were not seen in the last 10 minutes; or none for any number",
};
pub(super) const RATE_BURST: Setting = Setting {
    key: "rate_burst",
    kind: Kind::One("NUMBER"),
    group: Group::Callers,
    default: Some("2000"),
    help: "requests that a caller who was quiet may send at once",
};
pub(super) const MAX_STREAMS: Setting = Setting {
    key: "max_streams",
    kind: Kind::One("NUMBER"),
    group: Group::Callers,
    default: Some("2000"),
    help: "event streams that one caller may have open at a time, on each replica",
};
pub(super) const URL_SCHEMES: Setting = Setting {
    key: "url_schemes",
    kind: Kind::List("SCHEME"),
    group: Group::Callers,
    default: Some("http,https"),
    help: "schemes of the URLs that a submit may make IPS call",
};
pub(super) const URL_HOSTS: Setting = Setting {
    key: "url_hosts",
    kind: Kind::List("HOST"),
    group: Group::Callers,
    default: None,
    help: "the only hosts of these URLs, such as cdn.example.com or *.example.com; unless set, any that is not loopback, private or local",
};
pub(super) const SHARED_CACHE_URL: Setting = Setting {
    key: "shared_cache_url",
    kind: Kind::Secret,
    group: Group::Operation,
    default: None,
    help: "redis:// or rediss:// URL of a Valkey or Redis that replicas share",
};
pub(super) const SHARED_CACHE_KEY: Setting = Setting {
    key: "shared_cache_key",
    kind: Kind::Secret,
    group: Group::Operation,
    default: None,
    help: "secret that the replicas seal with what they share, at least 32 characters, such as `openssl rand -base64 32` makes",
};
pub(super) const SHARED_CACHE_CA_FILE: Setting = Setting {
    key: "shared_cache_ca_file",
    kind: Kind::One("FILE"),
    group: Group::Operation,
    default: None,
    help: "certificates (PEM) of authorities to trust for a rediss:// URL, in place of those of the system",
};
pub(super) const LOG_FORMAT: Setting = Setting {
    key: "log_format",
    kind: Kind::One("FORMAT"),
    group: Group::Operation,
    default: Some("auto"),
    help: "text, json, or auto: text on a terminal, else json; RUST_LOG sets the level",
};
