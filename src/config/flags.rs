//! Command-line flags of the settings.

use clap::{Arg, ArgMatches};

use super::settings::{CONFIG, Group, SETTINGS, Setting, ValueKind, flag_name, variable};

/// Returns the flags of the settings in `groups`, and `--config`.
#[must_use]
pub fn arguments(groups: &[Group]) -> Vec<Arg> {
    let config = Arg::new(CONFIG).long(CONFIG).value_name("FILE").help(format!(
        "TOML file with settings; environment variables and flags take precedence [env: {}]",
        variable(CONFIG)
    ));
    let settings = SETTINGS.iter().filter(|setting| groups.contains(&setting.group)).map(|setting| argument(setting));
    std::iter::once(config).chain(settings).collect()
}

fn argument(setting: &Setting) -> Arg {
    let arg = Arg::new(setting.flag_key()).long(flag_name(&setting.flag_key())).help_heading(setting.group.heading());
    let default = setting.default.map(|value| format!(" [default: {value}]")).unwrap_or_default();
    let variables: Vec<_> =
        std::iter::once(setting.key.to_owned()).chain(setting.file_key()).map(|key| variable(&key)).collect();
    let help = format!("{}{default} [env: {}]", setting.help, variables.join(" or "));
    match setting.kind {
        ValueKind::One(placeholder) => arg.value_name(placeholder).help(help),
        ValueKind::List(placeholder) => arg.value_name(format!("{placeholder},…")).help(help),
        ValueKind::Secret => arg.value_name("FILE").help(format!("file that contains the {help}")),
        ValueKind::Switch => {
            arg.value_name("BOOL").num_args(0..=1).require_equals(true).default_missing_value("true").help(help)
        }
    }
}

/// Returns the values of the flags of [`arguments`], by key.
pub(super) fn values(matches: &ArgMatches) -> impl Iterator<Item = (String, String)> {
    matches.ids().filter_map(|id| {
        let value = matches.try_get_one::<String>(id.as_str()).ok()??;
        Some((id.to_string(), value.clone()))
    })
}
