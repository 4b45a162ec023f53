//! `completions`: prints the completions of a shell.

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use super::error::CliError;
use super::stdout::print_line;

pub(super) const NAME: &str = "completions";

pub(super) fn command() -> Command {
    Command::new(NAME)
        .about("Print the completions of a shell, to be sourced or stored")
        .arg(Arg::new("shell").value_name("SHELL").required(true).value_parser(value_parser!(Shell)).help("shell"))
}

/// Prints the completions of `command`, the definition of the whole command line.
pub(super) fn run(matches: &ArgMatches, mut command: Command) -> Result<(), CliError> {
    let Some(shell) = matches.get_one::<Shell>("shell").copied() else { unreachable!("clap requires the shell") };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "ips-gateway", &mut script);
    let script = String::from_utf8_lossy(&script);
    print_line(&if shell == Shell::Bash { with_reachable_cases(&script) } else { script.into_owned() })?;
    Ok(())
}

/// Makes the cases of the subcommands reachable: `clap_complete` 4.6.12 escapes the hyphen of the binary's name in their labels in another way than
/// in the variable that it compares with them (clap-rs/clap#6421), so that bash completes the first word only.
fn with_reachable_cases(script: &str) -> String {
    script.replace("ips__subcmd__gateway", "ips__gateway")
}
