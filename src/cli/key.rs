//! `key`: manages API keys.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::error::CliError;
use super::stdout::print_line;
use crate::http::{Role, new_key};

pub(super) const NAME: &str = "key";

const NEW: &str = "new";

pub(super) fn command() -> Command {
    Command::new(NAME).about("Manage API keys").subcommand_required(true).arg_required_else_help(true).subcommand(
        Command::new(NEW).about("Create an API key: print the key, and its entry for the file of API keys").args([
            Arg::new("name")
                .value_name("NAME")
                .required(true)
                .help("name of the key, such as the service or team that uses it"),
            Arg::new("role")
                .long("role")
                .value_name("ROLE")
                .value_parser(PossibleValuesParser::new(Role::ALL.map(Role::name)).try_map(|name| name.parse::<Role>()))
                .default_value(Role::Viewer.name())
                .help("permissions: a viewer reads, an operator also submits, stops and deletes jobs"),
            Arg::new("company")
                .long("company")
                .value_name("HANDLE")
                .action(ArgAction::Append)
                .help("company that the key may access, by handle; repeatable [default: all of the service account]"),
        ]),
    )
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let Some((NEW, matches)) = matches.subcommand() else { unreachable!("clap requires the command") };
    let text = |id: &str| matches.get_one::<String>(id).map(String::as_str).unwrap_or_default();
    let companies: Vec<_> = matches.get_many::<String>("company").unwrap_or_default().cloned().collect();
    let role = matches.get_one::<Role>("role").copied().unwrap_or(Role::Viewer);
    let (key, entry) = new_key(text("name"), role, &companies)?;
    print_line(&format!("{key}\n\nThe key is stored nowhere. Add this entry to the file of API keys:\n\n{entry}"))?;
    Ok(())
}
