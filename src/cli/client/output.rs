//! Progress of jobs: redrawn on a terminal, lines in a pipe, or NDJSON.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};

use chrono::Local;
use serde_json::Value;

use super::members::{JobMembers, ROW_HEADER, with_percent};
use super::text::{printable, shorten, table};

/// Width of a progress bar, in characters.
const BAR: u64 = 24;
/// Width of a progress bar in a table.
const TABLE_BAR: u64 = 10;
/// Maximum number of jobs of a redrawn table, which has to fit on the screen.
const MOST_ROWS: usize = 18;
/// Escape sequences: no line wrap, so that a line can be redrawn if the terminal becomes narrower.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";
/// Clears from the cursor to the end of the screen.
const CLEAR: &str = "\x1b[J";

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProgressForm {
    Redrawn,
    Lines,
    Json,
    Silent,
}

/// Progress on stdout or stderr.
pub(super) struct ProgressOutput {
    form: ProgressForm,
    out: Box<dyn Write + Send>,
    /// Number of lines to redraw.
    drawn: usize,
    /// Last line of each job, by id.
    lines: BTreeMap<String, String>,
}

impl ProgressOutput {
    /// Changes on stdout, for people.
    pub(super) fn stdout() -> Self {
        let out = io::stdout();
        Self::new(text_form(&out), Box::new(out))
    }

    /// States as NDJSON on stdout.
    pub(super) fn json() -> Self {
        Self::new(ProgressForm::Json, Box::new(io::stdout()))
    }

    /// Progress on stderr.
    pub(super) fn stderr() -> Self {
        let out = io::stderr();
        Self::new(text_form(&out), Box::new(out))
    }

    /// No progress; notes are printed all the same.
    pub(super) fn silent() -> Self {
        Self::new(ProgressForm::Silent, Box::new(io::sink()))
    }

    fn new(form: ProgressForm, out: Box<dyn Write + Send>) -> Self {
        Self { form, out, drawn: 0, lines: BTreeMap::new() }
    }

    /// Shows a job that is followed.
    pub(super) fn job(&mut self, value: &Value) -> io::Result<()> {
        let job = JobMembers(value);
        let mut text = match job.chain_text() {
            Some(chain) => format!("{}; chain {chain}", with_percent(job.state(), value)),
            None => with_percent(job.state(), value),
        };
        let message = job.text("progressMessage");
        if !message.is_empty() {
            text = format!("{text}  {}", printable(message));
        }
        if job.is_stale() {
            text.push_str("  (IPS does not answer; last known state)");
        }
        match self.form {
            ProgressForm::Silent => Ok(()),
            ProgressForm::Json => self.line(&value.to_string()),
            ProgressForm::Lines => self.changed_line(job.id(), format!("{}  {text}", job.title())),
            ProgressForm::Redrawn => {
                let percent = job.chain().map_or(job.percent(), |chain| chain["percent"].as_u64());
                self.redraw(&format!("{}  {}  {text}", bar(percent, BAR), shorten(&job.title(), 30)))
            }
        }
    }

    /// Shows a list of jobs that is followed.
    pub(super) fn list(&mut self, list: &Value) -> io::Result<()> {
        let jobs: Vec<_> = list["jobs"].as_array().into_iter().flatten().map(JobMembers).collect();
        let suffix = if JobMembers(list).is_stale() { "; IPS does not answer, last known state" } else { "" };
        match self.form {
            ProgressForm::Silent => Ok(()),
            ProgressForm::Json => self.line(&list.to_string()),
            ProgressForm::Redrawn => {
                let more = jobs.len().saturating_sub(MOST_ROWS);
                let more = if more > 0 { format!("\n… and {more} more") } else { String::new() };
                let rows = jobs.iter().take(MOST_ROWS).map(|job| {
                    let mut row = job.row();
                    row[1] = bar(job.percent(), TABLE_BAR);
                    row
                });
                let rows = table(ROW_HEADER, rows);
                let now = Local::now().format("%H:%M:%S");
                self.redraw(&format!("{} jobs at {now}{suffix}\n{rows}{more}", jobs.len()))
            }
            ProgressForm::Lines => {
                let gone: Vec<_> =
                    self.lines.keys().filter(|id| jobs.iter().all(|job| job.id() != id.as_str())).cloned().collect();
                for job in &jobs {
                    let state = with_percent(job.state(), job.0);
                    self.changed_line(
                        job.id(),
                        format!("{state}  {}  {}  {}", job.text("kind"), job.title(), job.id()),
                    )?;
                }
                for id in gone {
                    self.lines.remove(&id);
                    self.stamped(&format!("left the list  {}", printable(&id)))?;
                }
                Ok(())
            }
        }
    }

    /// Prints a note to stderr, between what is redrawn.
    pub(super) fn note(&mut self, text: &str) {
        self.end();
        // A closed stderr is no reason to stop.
        let _ = writeln!(io::stderr(), "ips-gateway: {text}");
    }

    /// Leaves what was drawn last.
    pub(super) fn end(&mut self) {
        if self.drawn > 0 {
            let _ = writeln!(self.out).and_then(|()| self.out.flush());
        }
        self.drawn = 0;
    }

    /// Prints a line of a job if it differs from the last one.
    fn changed_line(&mut self, id: &str, text: String) -> io::Result<()> {
        if self.lines.get(id) == Some(&text) {
            return Ok(());
        }
        self.stamped(&text)?;
        self.lines.insert(id.to_owned(), text);
        Ok(())
    }

    fn stamped(&mut self, text: &str) -> io::Result<()> {
        self.line(&format!("{}  {text}", Local::now().format("%H:%M:%S")))
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    /// Draws text over what was drawn before.
    fn redraw(&mut self, text: &str) -> io::Result<()> {
        let up = match self.drawn {
            0 | 1 => String::new(),
            lines => format!("\x1b[{}A", lines - 1),
        };
        self.drawn = text.lines().count();
        let columns = columns();
        let lines: Vec<_> = text.lines().map(|line| shorten(line, columns)).collect();
        write!(self.out, "\r{up}{CLEAR}{NO_WRAP}{}{WRAP}", lines.join("\r\n"))?;
        self.out.flush()
    }
}

fn text_form(stream: &impl IsTerminal) -> ProgressForm {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if stream.is_terminal() && !is_dumb { ProgressForm::Redrawn } else { ProgressForm::Lines }
}

/// Returns the width of the terminal; no limit if it is unknown.
#[cfg(unix)]
fn columns() -> usize {
    use rustix::termios::tcgetwinsize;

    let sizes = [tcgetwinsize(io::stdout()), tcgetwinsize(io::stderr())];
    let known = sizes.into_iter().flatten().map(|size| usize::from(size.ws_col)).find(|columns| *columns > 0);
    known.unwrap_or(usize::MAX)
}

#[cfg(not(unix))]
fn columns() -> usize {
    usize::MAX
}

fn bar(percent: Option<u64>, width: u64) -> String {
    let done = percent.unwrap_or(0).min(100) * width / 100;
    let percent = percent.map_or_else(|| "  --".to_owned(), |percent| format!("{percent:3}%"));
    format!("[{}{}] {percent}", "#".repeat(usize_of(done)), ".".repeat(usize_of(width - done)))
}

fn usize_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or_default()
}

/// Prints lines to stdout.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// Prints a line to stderr.
pub(super) fn hint(text: &str) {
    // A closed stderr is no reason to stop.
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_the_same_width_at_every_percent() {
        assert_eq!(bar(Some(50), BAR), "[############............]  50%");
        assert_eq!(bar(None, BAR), "[........................]   --");
        assert_eq!(bar(Some(100), TABLE_BAR).len(), bar(None, TABLE_BAR).len());
    }
}
