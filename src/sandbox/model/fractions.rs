//! Fractions of a run: positions within the windows of its tasks, and shares of its items.

/// Fractions of the run at which the first of several tasks ends and the second starts; no task progresses in between.
pub const TASK_GAP: (f64, f64) = (0.30, 0.42);

/// Returns the start and end of each task as fractions of the run: the first ends at the gap, the others share the rest equally.
pub fn task_windows(tasks: usize) -> Vec<(f64, f64)> {
    if tasks < 2 {
        return vec![(0.0, 1.0)];
    }
    let length = (1.0 - TASK_GAP.1) / (tasks - 1) as f64;
    let rest =
        (0..tasks - 1).map(|index| (TASK_GAP.1 + length * index as f64, TASK_GAP.1 + length * (index + 1) as f64));
    std::iter::once((0.0, TASK_GAP.0)).chain(rest).collect()
}

/// Returns the position of `fraction` within a window, from 0 to 1.
pub fn within_window(fraction: f64, (from, to): (f64, f64)) -> f64 {
    let within = ((fraction - from) / (to - from)).clamp(0.0, 1.0);
    if within > 1.0 - 1e-9 { 1.0 } else { within }
}

/// Returns the fraction that a part is of the whole, from 0 to 1.
pub fn ratio(part: i64, whole: i64) -> f64 {
    (part as f64 / whole as f64).clamp(0.0, 1.0)
}

/// Returns a fraction in percent, rounded down.
#[expect(clippy::cast_possible_truncation, reason = "a fraction is at most 1")]
pub fn percent(fraction: f64) -> i64 {
    (fraction * 100.0).floor() as i64
}

/// Returns the whole part of a fraction of `total`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction lies within 0 and 1")]
pub fn share(total: usize, fraction: f64) -> usize {
    (total as f64 * fraction).floor() as usize
}

/// Returns a number as `xsd:int` values have it.
pub fn to_i64(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
