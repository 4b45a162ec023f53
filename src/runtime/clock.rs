//! Clocks that tests can set: the wall clock is the source of every time that is shown or shared, the monotonic clock of every age and
//! duration that decides something.
//!
//! The wall clock is used for `observedAt`, expiry times in tickets and entries that replicas share. Times that IPS recorded are compared with
//! the clock of IPS.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// Wall clock and monotonic clock: those of the system, or manual ones that change only by [`Clock::advance`]. Clones share the offsets.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Start time of a manual clock; `None` for the system clock.
    start: Option<(DateTime<Utc>, Instant)>,
    /// Offset of the wall clock by `advance`, in microseconds.
    offset: Arc<AtomicI64>,
    /// Offset of the monotonic clock: the sum of the advances that are not negative, in microseconds.
    monotonic_offset: Arc<AtomicU64>,
    /// Time of the last answer of IPS: by its own clock, and by the monotonic clock.
    server_time: Arc<Mutex<Option<ServerTime>>>,
}

/// Time by the clock of IPS, and the monotonic time at which it was received.
type ServerTime = (DateTime<Utc>, Instant);

impl Clock {
    /// Returns the system clock.
    #[must_use]
    pub fn system() -> Self {
        Self { start: None, offset: Arc::default(), monotonic_offset: Arc::default(), server_time: Arc::default() }
    }

    /// Returns a manual clock that shows `start` until it is advanced.
    #[must_use]
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self { start: Some((start, Instant::now())), ..Self::system() }
    }

    /// Returns the current wall clock time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let offset = TimeDelta::microseconds(self.offset.load(Ordering::SeqCst));
        let base = self.start.map_or_else(Utc::now, |(wall, _)| wall);
        base.checked_add_signed(offset).unwrap_or(base)
    }

    /// Returns the current monotonic time.
    #[must_use]
    pub fn instant(&self) -> Instant {
        let offset = Duration::from_micros(self.monotonic_offset.load(Ordering::SeqCst));
        let base = self.start.map_or_else(Instant::now, |(_, monotonic)| monotonic);
        base.checked_add(offset).unwrap_or(base)
    }

    /// Returns the current time of both clocks.
    #[must_use]
    pub fn read(&self) -> ClockReading {
        ClockReading { wall: self.now(), monotonic: self.instant(), server: self.server_time() }
    }

    /// Records the time by the clock of IPS, as its answer states it (`Date`, RFC 9110 §6.6.1).
    pub fn set_server_time(&self, time: DateTime<Utc>) {
        *self.server_time.lock().unwrap_or_else(PoisonError::into_inner) = Some((time, self.instant()));
    }

    /// Returns the time by the clock of IPS: that of its last answer and the monotonic time since then. The wall clock time if no answer
    /// stated one.
    #[must_use]
    pub fn server_time(&self) -> DateTime<Utc> {
        let last = *self.server_time.lock().unwrap_or_else(PoisonError::into_inner);
        let at = last.and_then(|(time, received)| {
            time.checked_add_signed(TimeDelta::from_std(self.instant().saturating_duration_since(received)).ok()?)
        });
        at.unwrap_or_else(|| self.now())
    }

    /// Returns the current wall clock time in microseconds since the Unix epoch; 0 before 1970.
    #[must_use]
    pub fn micros(&self) -> u64 {
        u64::try_from(self.now().timestamp_micros()).unwrap_or_default()
    }

    /// Sets the wall clock, of all clones, ahead or back by `by`, as a time service or an administrator does.
    pub fn jump(&self, by: TimeDelta) {
        self.offset.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
    }

    /// Advances the clock and all its clones; the system clock then runs ahead by `by`. A negative `by` sets only the wall clock back.
    pub fn advance(&self, by: TimeDelta) {
        let micros = by.num_microseconds().unwrap_or(0);
        self.jump(by);
        self.monotonic_offset.fetch_add(u64::try_from(micros).unwrap_or(0), Ordering::SeqCst);
    }
}

/// Reading of the clocks at one time: the wall clock for what is shown or shared, the monotonic clock for ages, the clock of IPS for the ages
/// of what IPS recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// Wall clock time.
    pub wall: DateTime<Utc>,
    /// Monotonic time.
    pub monotonic: Instant,
    /// Time by the clock of IPS, see [`Clock::server_time`].
    pub server: DateTime<Utc>,
}

impl ClockReading {
    /// Returns the time since an earlier reading, by the monotonic clock; zero if `earlier` is later.
    #[must_use]
    pub fn since(&self, earlier: Self) -> Duration {
        self.monotonic.saturating_duration_since(earlier.monotonic)
    }

    /// Returns the reading this long before.
    #[must_use]
    pub fn before(&self, age: Duration) -> Self {
        let earlier = |time: DateTime<Utc>| {
            TimeDelta::from_std(age).ok().and_then(|age| time.checked_sub_signed(age)).unwrap_or(time)
        };
        let monotonic = self.monotonic.checked_sub(age).unwrap_or(self.monotonic);
        Self { wall: earlier(self.wall), monotonic, server: earlier(self.server) }
    }

    /// Returns the reading with another wall clock time, which is only shown.
    #[must_use]
    pub fn with_wall(self, wall: DateTime<Utc>) -> Self {
        Self { wall, ..self }
    }

    /// Returns the wall clock time of an earlier reading, corrected by the monotonic clock if the wall clock was set in between.
    #[must_use]
    pub fn wall_of(&self, earlier: Self) -> DateTime<Utc> {
        let expected = self.before(self.since(earlier)).wall;
        let differs = (expected - earlier.wall).abs() >= TimeDelta::seconds(1);
        if differs { expected } else { earlier.wall }
    }

    /// Returns the reading at an earlier wall clock time, which another process recorded; one in the future counts as now.
    #[must_use]
    pub fn at_wall(&self, wall: DateTime<Utc>) -> Self {
        let age = (self.wall - wall).to_std().unwrap_or_default();
        self.before(age).with_wall(wall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advancing_a_manual_clock_moves_wall_clock_and_monotonic_clock_of_all_clones() {
        let clock = Clock::manual(DateTime::default());
        let (other, wall, monotonic) = (clock.clone(), clock.now(), clock.instant());
        clock.advance(TimeDelta::seconds(2));
        assert_eq!(other.now() - wall, TimeDelta::seconds(2));
        assert_eq!(other.instant() - monotonic, Duration::from_secs(2));
    }

    #[test]
    fn the_wall_time_of_an_earlier_reading_follows_a_wall_clock_that_was_set() {
        let clock = Clock::manual(DateTime::default());
        let earlier = clock.read();
        clock.advance(TimeDelta::seconds(5));
        assert_eq!(clock.read().wall_of(earlier), earlier.wall);
        for hours in [3, -6] {
            clock.jump(TimeDelta::hours(hours));
            let now = clock.read();
            assert_eq!(now.wall - now.wall_of(earlier), TimeDelta::seconds(5));
        }
    }

    #[test]
    fn setting_the_wall_clock_back_leaves_the_monotonic_clock() {
        let clock = Clock::manual(DateTime::default());
        let monotonic = clock.instant();
        clock.advance(TimeDelta::hours(-1));
        assert_eq!((clock.now() - DateTime::<Utc>::default(), clock.instant()), (TimeDelta::hours(-1), monotonic));
    }
}
