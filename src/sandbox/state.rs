//! State of the sandbox: started and scheduled jobs.
//!
//! There is no background task. Each request first advances the state to the current time ([`State::advance`]): due schedules fire and new jobs
//! are generated, each at its own time, as if the state had been running all the while.

use chrono::{DateTime, TimeDelta, Utc};

use super::faults;
use super::model::{
    Job, JobSpec, OutcomeProfile, Phase, Retention, Rng, Schedule, Simulation, StopRequest, Trigger, plan_publishes,
};
use super::server_time::server_zone;
use super::users::{Tenant, User};
use crate::ips::types::Fault;

/// Maximum number of jobs; beyond it the oldest evictable ones are removed.
const MAX_JOBS: usize = 5_000;
/// Maximum number of missed runs or generated jobs that are made up for after a jump in time; earlier ones are skipped.
const MAX_CATCH_UP: i32 = 60;
/// Minimum interval between two generated jobs.
const MIN_INTERVAL: TimeDelta = TimeDelta::milliseconds(100);

/// Time at which a submitted job runs.
#[derive(Debug)]
pub(super) enum RunAt {
    /// Immediately.
    Now,
    /// Once, at `execTime`.
    Once(DateTime<Utc>),
    /// Repeatedly, by `execSchedule`.
    Recurring(Trigger),
}

/// Creates a new job and its outcome from the number of the latest job.
pub(super) type JobGenerator = fn(&mut Rng, u64) -> (JobSpec, OutcomeProfile);

/// Periodic generation of new jobs.
#[derive(Debug, Clone, Copy)]
struct Generation {
    interval: TimeDelta,
    next: DateTime<Utc>,
    generate: JobGenerator,
}

/// State of the sandbox at one point in time.
#[derive(Debug)]
pub(super) struct State {
    now: DateTime<Utc>,
    jobs: Vec<Job>,
    schedules: Vec<Schedule>,
    rng: Rng,
    /// Number of the latest job.
    last_number: u64,
    generation: Option<Generation>,
}

impl State {
    /// Creates a state without jobs.
    pub fn new(now: DateTime<Utc>, seed: u64) -> Self {
        let (jobs, schedules) = (Vec::new(), Vec::new());
        Self { now, jobs, schedules, rng: Rng::new(seed), last_number: 5_129_800, generation: None }
    }

    /// Starts to generate a new job per interval (at least 100 ms), the first one interval from now.
    pub fn generate_jobs(&mut self, interval: TimeDelta, generate: JobGenerator) {
        let interval = interval.max(MIN_INTERVAL);
        self.generation = Some(Generation { interval, next: self.now + interval, generate });
    }

    /// Returns the time of the state.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Advances the state to a time; a time in the past changes nothing.
    pub fn advance(&mut self, to: DateTime<Utc>) {
        if to <= self.now {
            return;
        }
        let since = std::mem::replace(&mut self.now, to);
        for index in 0..self.schedules.len() {
            self.fire_due(index);
        }
        self.schedules.retain(|schedule| schedule.next > to || schedule.paused);
        self.generate_due(since);
        self.queue_follow_ons();
        plan_publishes(&mut self.jobs, since);
        self.evict();
    }

    /// Starts the due runs of one schedule.
    fn fire_due(&mut self, index: usize) {
        for _ in 0..MAX_CATCH_UP {
            let schedule = &self.schedules[index];
            if schedule.paused || schedule.next > self.now {
                return;
            }
            let due = schedule.next;
            let following = schedule.trigger.next_after(due);
            self.fire(index, due);
            match following {
                Some(next) => self.schedules[index].next = next,
                None => return,
            }
        }
        let schedule = &mut self.schedules[index];
        if schedule.next <= self.now
            && let Some(next) = schedule.trigger.next_after(self.now)
        {
            schedule.next = next;
        }
    }

    /// Starts a run of a scheduled job. A one-time job keeps its name; each run of a recurring job gets a name of its own.
    pub fn fire(&mut self, index: usize, at: DateTime<Utc>) {
        let Schedule { spec, name, trigger, .. } = self.schedules[index].clone();
        match trigger {
            Trigger::Once => self.start(spec, name, at, Retention::Keep),
            Trigger::Recurring(..) => {
                let name = self.unique_name(spec.company, &spec.original_name, at);
                self.start(spec, name, at, Retention::Evict);
            }
        }
    }

    /// Plans the publishes after a change of the jobs at this time.
    pub fn plan(&mut self) {
        plan_publishes(&mut self.jobs, self.now);
    }

    /// Generates the due new jobs: no publish, and no upload that one follows, while a publish of the company waits, or the queue would grow
    /// without end.
    fn generate_due(&mut self, since: DateTime<Utc>) {
        let Some(Generation { interval, next, generate }) = self.generation else { return };
        let due = (self.now - next).num_milliseconds() / interval.num_milliseconds().max(1);
        let skipped = i32::try_from((due - i64::from(MAX_CATCH_UP)).max(0)).unwrap_or(i32::MAX);
        let mut next = next + interval * skipped;
        while next <= self.now {
            let (spec, outcome) = generate(&mut self.rng, self.last_number);
            if spec.publishes() && self.jobs_of(spec.company).any(|job| job.needs_slot() && job.waits_at(next)) {
                next += interval;
                continue;
            }
            let name = self.unique_name(spec.company, &spec.original_name, next);
            let simulation = Simulation::with_outcome(&spec.details, spec.company, outcome, &mut self.rng);
            self.add(Job::new(spec, name, next, simulation, Retention::Evict));
            plan_publishes(&mut self.jobs, since);
            next += interval;
        }
        self.generation = Some(Generation { interval, next, generate });
    }

    /// Queues the follow-on jobs of the jobs that have ended, each next to its own.
    fn queue_follow_ons(&mut self) {
        let mut index = 0;
        while index < self.jobs.len() {
            let job = &mut self.jobs[index];
            index += 1;
            if !job.is_followed && job.end() <= self.now {
                job.is_followed = true;
                if let Some(next) = job.follow_on() {
                    self.jobs.insert(index, next);
                }
            }
        }
    }

    /// Removes the oldest evictable jobs beyond the maximum number.
    fn evict(&mut self) {
        let mut surplus = self.jobs.len().saturating_sub(MAX_JOBS);
        let now = self.now;
        self.jobs.retain(|job| {
            let evictable = surplus > 0 && job.retention == Retention::Evict && job.phase(now).state().is_none();
            surplus -= usize::from(evictable);
            !evictable
        });
    }

    /// Submits a job and returns the handle that submitJob answers with. The name of a scheduled job is taken.
    pub fn submit(&mut self, spec: JobSpec, run_at: RunAt) -> Result<String, Fault> {
        if self.schedules_of(spec.company).any(|job| job.spec.original_name == spec.original_name) {
            let name = &spec.original_name;
            return Err(faults::exception(format_args!("Job name {name:?} is already in use by a scheduled job")));
        }
        let handle = spec.submit_handle();
        let name = self.unique_name(spec.company, &spec.original_name, self.now);
        match run_at {
            RunAt::Once(time) if time > self.now => {
                self.schedules.push(Schedule { spec, name, trigger: Trigger::Once, next: time, paused: false });
            }
            RunAt::Now | RunAt::Once(_) => self.start(spec, name, self.now, Retention::Keep),
            RunAt::Recurring(trigger) => {
                let next = trigger.first_after(self.now).map_err(faults::invalid_parameter)?;
                self.schedules.push(Schedule { spec, name, trigger, next, paused: false });
            }
        }
        Ok(handle)
    }

    /// Starts a job whose details determine its outcome.
    fn start(&mut self, spec: JobSpec, name: String, at: DateTime<Utc>, retention: Retention) {
        let simulation = Simulation::of(&spec.details, spec.company, &mut self.rng);
        self.add(Job::new(spec, name, at, simulation, retention));
    }

    /// Adds a job in any phase and assigns its number.
    pub fn add(&mut self, mut job: Job) {
        self.last_number += 1;
        job.number = self.last_number;
        self.jobs.push(job);
    }

    /// Adds a scheduled job.
    pub fn add_schedule(&mut self, schedule: Schedule) {
        self.schedules.push(schedule);
    }

    /// Returns the random number generator.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// Returns the original name with a suffix of `_` and a time that makes it unique in the company.
    pub fn unique_name(&self, company: &Tenant, original: &str, mut at: DateTime<Utc>) -> String {
        loop {
            let name = format!("{original}_{}", at.with_timezone(&server_zone()).format("%Y-%m-%d-%H:%M:%S%.3f"));
            let taken = self.jobs_of(company).any(|job| job.name == name)
                || self.schedules_of(company).any(|job| job.name == name);
            if !taken {
                return name;
            }
            at += TimeDelta::milliseconds(1);
        }
    }

    /// Returns the started jobs of a company, in any phase.
    pub fn jobs_of(&self, company: &Tenant) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(move |job| job.spec.company == company)
    }

    /// Returns the scheduled jobs of a company.
    pub fn schedules_of(&self, company: &Tenant) -> impl Iterator<Item = &Schedule> {
        self.schedules.iter().filter(move |schedule| schedule.spec.company == company)
    }

    /// Returns the jobs of a company that have a log which is not archived; that of an active job has no end.
    pub fn logged_jobs(&self, company: &Tenant) -> impl Iterator<Item = &Job> {
        self.jobs_of(company).filter(|job| job.has_log(self.now) && job.phase(self.now) != Phase::Archived)
    }

    /// Returns the jobs of a company whose log is archived.
    pub fn archived_jobs(&self, company: &Tenant) -> impl Iterator<Item = &Job> {
        self.jobs_of(company).filter(|job| job.phase(self.now) == Phase::Archived)
    }

    /// Finds the newest active job with a handle.
    fn find_active(&self, company: &Tenant, handle: &str) -> Option<usize> {
        let listed = |job: &Job| job.spec.company == company && job.phase(self.now).state().is_some();
        self.jobs.iter().rposition(|job| listed(job) && job.has_handle(handle))
    }

    /// Finds the scheduled job with a handle.
    fn find_scheduled(&self, company: &Tenant, handle: &str) -> Option<usize> {
        self.schedules.iter().position(|job| job.spec.company == company && job.has_handle(handle))
    }

    /// Finds a job with a handle, a schedule before its runs: the handle of the submit is that of all of them.
    fn find(&self, company: &Tenant, handle: &str) -> Result<Found, Fault> {
        let found = self.find_scheduled(company, handle).map(Found::Scheduled);
        found.or_else(|| self.find_active(company, handle).map(Found::Active)).ok_or_else(|| {
            faults::illegal_value(format_args!(
                "jobHandle {handle:?} is not the handle of a scheduled or active job of company {}",
                company.handle
            ))
        })
    }

    /// Finds an active job that has not finished and is not being stopped.
    fn unfinished(&mut self, index: usize, handle: &str) -> Result<&mut Job, Fault> {
        match self.jobs[index].phase(self.now) {
            Phase::Stopping => Err(faults::invalid_parameter(format_args!("{handle:?} is being stopped"))),
            Phase::Done => Err(faults::invalid_parameter(format_args!("{handle:?} is done"))),
            _ => Ok(&mut self.jobs[index]),
        }
    }

    /// Stops an active job: a waiting one immediately, a running one after three seconds.
    pub fn stop(&mut self, company: &Tenant, handle: &str, by: &User) -> Result<(), Fault> {
        let Some(index) = self.find_active(company, handle) else {
            self.find(company, handle)?;
            return Err(faults::invalid_parameter(format_args!(
                "stopJob is for active jobs; {handle:?} is scheduled: pause or delete it"
            )));
        };
        let now = self.now;
        if self.jobs[index].phase(now) == Phase::Stopping {
            return Ok(());
        }
        let job = self.unfinished(index, handle)?;
        job.pauses.end(now);
        job.stop = Some(StopRequest { at: now, by: by.email.into() });
        Ok(())
    }

    /// Pauses a scheduled or active job. An active one keeps its state and makes no progress.
    pub fn pause(&mut self, company: &Tenant, handle: &str) -> Result<(), Fault> {
        let now = self.now;
        match self.find(company, handle)? {
            Found::Scheduled(index) => self.schedules[index].paused = true,
            Found::Active(index) => self.unfinished(index, handle)?.pauses.begin(now),
        }
        Ok(())
    }

    /// Resumes a paused job. A scheduled one that missed fire times runs once immediately.
    pub fn resume(&mut self, company: &Tenant, handle: &str) -> Result<(), Fault> {
        let now = self.now;
        match self.find(company, handle)? {
            Found::Scheduled(index) => self.resume_schedule(index),
            Found::Active(index) => self.unfinished(index, handle)?.pauses.end(now),
        }
        Ok(())
    }

    fn resume_schedule(&mut self, index: usize) {
        self.schedules[index].paused = false;
        if self.schedules[index].next <= self.now {
            self.fire(index, self.now);
            match self.schedules[index].trigger.next_after(self.now) {
                Some(next) => self.schedules[index].next = next,
                None => drop(self.schedules.remove(index)),
            }
        }
    }

    /// Runs a scheduled job now, and removes its schedule if it is a one-time job. Starts a waiting job, and resumes a paused one.
    pub fn execute(&mut self, company: &Tenant, handle: &str) -> Result<(), Fault> {
        let now = self.now;
        match self.find(company, handle)? {
            Found::Scheduled(index) => {
                self.fire(index, now);
                if matches!(self.schedules[index].trigger, Trigger::Once) {
                    self.schedules.remove(index);
                }
            }
            Found::Active(index) => self.unfinished(index, handle)?.execute(now),
        }
        Ok(())
    }

    /// Removes a scheduled or active job, without a log.
    pub fn delete(&mut self, company: &Tenant, handle: &str) -> Result<(), Fault> {
        match self.find(company, handle)? {
            Found::Active(index) => drop(self.jobs.remove(index)),
            Found::Scheduled(index) => drop(self.schedules.remove(index)),
        }
        Ok(())
    }
}

/// Index of a job found by its handle.
enum Found {
    Active(usize),
    Scheduled(usize),
}
