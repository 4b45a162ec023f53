//! The whole state of the sandbox: the jobs that were set going, and those that wait for their time.
//!
//! Nothing happens in the background. Each request first brings the world up to its moment ([`World::advance`]): schedules that were due have
//! fired and the trickle has flowed, each at its own time, as if the world had been running all along.

use chrono::{DateTime, TimeDelta, Utc};

use super::clock::server_zone;
use super::dice::Dice;
use super::faults;
use super::life::{Job, Order, Origin, Phase, Stop};
use super::schedule::{Schedule, Trigger};
use super::seed;
use super::users::{Tenant, User};
use super::work::{Luck, Work};
use crate::ips::types::Fault;

/// How many jobs the world remembers; beyond that the oldest passing ones are forgotten.
const MEMORY: usize = 5_000;
/// How many firings or trickled jobs are made up for after a leap in time; earlier ones are skipped.
const CATCH_UP: i32 = 60;
/// The shortest time between two trickled jobs.
const MIN_TRICKLE: TimeDelta = TimeDelta::milliseconds(100);

/// When a submitted job is to run.
#[derive(Debug)]
pub(super) enum When {
    /// At once.
    Now,
    /// At `execTime`.
    At(DateTime<Utc>),
    /// By `execSchedule`.
    Recurring(Trigger),
}

#[derive(Debug)]
struct Trickle {
    every: TimeDelta,
    next: DateTime<Utc>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct World {
    now: DateTime<Utc>,
    jobs: Vec<Job>,
    schedules: Vec<Schedule>,
    dice: Dice,
    numbers: u64,
    trickle: Option<Trickle>,
}

impl World {
    /// A world without jobs.
    pub fn new(now: DateTime<Utc>, seed: u64, trickle: Option<TimeDelta>) -> Self {
        let trickle = trickle.map(|every| every.max(MIN_TRICKLE)).map(|every| Trickle { every, next: now + every });
        Self { now, jobs: Vec::new(), schedules: Vec::new(), dice: Dice::new(seed), numbers: 5_129_800, trickle }
    }

    /// The moment that the world is at.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Brings the world up to a moment; it never goes back.
    pub fn advance(&mut self, to: DateTime<Utc>) {
        if to <= self.now {
            return;
        }
        self.now = to;
        for index in 0..self.schedules.len() {
            self.fire_due(index);
        }
        self.schedules.retain(|schedule| schedule.next > to || schedule.paused);
        self.flow();
        self.forget();
    }

    fn fire_due(&mut self, index: usize) {
        for _ in 0..CATCH_UP {
            let schedule = &self.schedules[index];
            if schedule.paused || schedule.next > self.now {
                return;
            }
            let due = schedule.next;
            let following = schedule.trigger.after(due);
            self.fire(index, due);
            match following {
                Some(next) => self.schedules[index].next = next,
                None => return,
            }
        }
        let schedule = &mut self.schedules[index];
        if schedule.next <= self.now
            && let Some(next) = schedule.trigger.after(self.now)
        {
            schedule.next = next;
        }
    }

    /// Sets a scheduled job going. A one-time job keeps its name; each run of a recurring one gets its own.
    pub fn fire(&mut self, index: usize, at: DateTime<Utc>) {
        let Schedule { order, name, trigger, .. } = self.schedules[index].clone();
        match trigger {
            Trigger::Once => self.start(order, name, at, Origin::Kept),
            Trigger::Recurring(..) => {
                let name = self.unique_name(order.company, &order.original_name, at);
                self.start(order, name, at, Origin::Passing);
            }
        }
    }

    fn flow(&mut self) {
        let Some(Trickle { every, next }) = self.trickle else { return };
        let due = (self.now - next).num_milliseconds() / every.num_milliseconds().max(1);
        let skipped = i32::try_from((due - i64::from(CATCH_UP)).max(0)).unwrap_or(i32::MAX);
        let mut next = next + every * skipped;
        while next <= self.now {
            let (order, luck) = seed::passing_order(&mut self.dice, self.numbers);
            let name = self.unique_name(order.company, &order.original_name, next);
            self.start_with_luck(order, name, next, luck, Origin::Passing);
            next += every;
        }
        self.trickle = Some(Trickle { every, next });
    }

    fn forget(&mut self) {
        let mut surplus = self.jobs.len().saturating_sub(MEMORY);
        let now = self.now;
        self.jobs.retain(|job| {
            let forgettable = surplus > 0 && job.origin == Origin::Passing && job.phase(now).state().is_none();
            surplus -= usize::from(forgettable);
            !forgettable
        });
    }

    /// Takes a job in and answers with the handle that submitJob gives.
    pub fn submit(&mut self, order: Order, when: When) -> Result<String, Fault> {
        let handle = format!("j|{}|{}||", order.company.number, order.original_name);
        let name = self.unique_name(order.company, &order.original_name, self.now);
        match when {
            When::At(time) if time > self.now => {
                self.schedules.push(Schedule { order, name, trigger: Trigger::Once, next: time, paused: false });
            }
            When::Now | When::At(_) => self.start(order, name, self.now, Origin::Kept),
            When::Recurring(trigger) => {
                let next = trigger.first_after(self.now).map_err(faults::invalid_parameter)?;
                self.schedules.push(Schedule { order, name, trigger, next, paused: false });
            }
        }
        Ok(handle)
    }

    fn start(&mut self, order: Order, name: String, at: DateTime<Utc>, origin: Origin) {
        let work = Work::of(&order.detail, order.company, &mut self.dice);
        self.add(Job { order, number: 0, name, queued: at, work, stop: None, origin });
    }

    fn start_with_luck(&mut self, order: Order, name: String, at: DateTime<Utc>, luck: Luck, origin: Origin) {
        let work = Work::with_luck(&order.detail, order.company, luck, &mut self.dice);
        self.add(Job { order, number: 0, name, queued: at, work, stop: None, origin });
    }

    /// Adds a job that may be anywhere in its life, and numbers it.
    pub fn add(&mut self, mut job: Job) {
        self.numbers += 1;
        job.number = self.numbers;
        self.jobs.push(job);
    }

    /// Adds a scheduled job.
    pub fn add_schedule(&mut self, schedule: Schedule) {
        self.schedules.push(schedule);
    }

    /// The world's dice.
    pub fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    /// The original name, `_`, and a time that makes it unique in the company.
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

    /// A company's jobs that were set going, in whatever phase.
    pub fn jobs_of(&self, company: &Tenant) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(move |job| job.order.company == company)
    }

    /// A company's scheduled jobs.
    pub fn schedules_of(&self, company: &Tenant) -> impl Iterator<Item = &Schedule> {
        self.schedules.iter().filter(move |schedule| schedule.order.company == company)
    }

    /// A company's jobs in one phase.
    pub fn jobs_in(&self, company: &Tenant, phase: Phase) -> impl Iterator<Item = &Job> {
        self.jobs_of(company).filter(move |job| job.phase(self.now) == phase)
    }

    fn find(&self, company: &Tenant, handle: &str) -> Result<Found, Fault> {
        let listed = |job: &Job| job.order.company == company && job.phase(self.now).state().is_some();
        if let Some(index) = self.jobs.iter().position(|job| listed(job) && job.active_handle() == handle) {
            return Ok(Found::Active(index));
        }
        let scheduled = self.schedules.iter().position(|job| job.order.company == company && job.handle() == handle);
        scheduled.map(Found::Scheduled).ok_or_else(|| {
            faults::illegal_value(format_args!(
                "jobHandle {handle:?} is no handle of a scheduled or active job of company {} now. A job's handle changes with its phase: take it \
                 from getScheduledJobs or getActiveJobs",
                company.handle
            ))
        })
    }

    fn find_scheduled(&self, company: &Tenant, handle: &str, operation: &str) -> Result<usize, Fault> {
        match self.find(company, handle)? {
            Found::Scheduled(index) => Ok(index),
            Found::Active(_) => Err(faults::invalid_parameter(format_args!(
                "{operation} is for scheduled jobs; {handle:?} was set going already"
            ))),
        }
    }

    /// Stops a job: a waiting one at once, a running one shortly.
    pub fn stop(&mut self, company: &Tenant, handle: &str, by: &User) -> Result<(), Fault> {
        let Found::Active(index) = self.find(company, handle)? else {
            return Err(faults::invalid_parameter(format_args!(
                "stopJob is for active jobs; {handle:?} is scheduled: pause or delete it"
            )));
        };
        let now = self.now;
        let job = &mut self.jobs[index];
        match job.phase(now) {
            Phase::Stopping => Ok(()),
            Phase::Done => Err(faults::invalid_parameter(format_args!("{handle:?} is done: there is nothing to stop"))),
            _ => {
                job.stop = Some(Stop { at: now, by: by.email.into() });
                Ok(())
            }
        }
    }

    /// Keeps a scheduled job from firing.
    pub fn pause(&mut self, company: &Tenant, handle: &str) -> Result<(), Fault> {
        let index = self.find_scheduled(company, handle, "pauseJob")?;
        self.schedules[index].paused = true;
        Ok(())
    }

    /// Lets a paused job fire again. If it missed its time, it fires at once, however often it missed it.
    pub fn resume(&mut self, company: &Tenant, handle: &str) -> Result<(), Fault> {
        let index = self.find_scheduled(company, handle, "resumeJob")?;
        self.schedules[index].paused = false;
        if self.schedules[index].next <= self.now {
            self.fire(index, self.now);
            match self.schedules[index].trigger.after(self.now) {
                Some(next) => self.schedules[index].next = next,
                None => drop(self.schedules.remove(index)),
            }
        }
        Ok(())
    }

    /// Sets a scheduled job going now; a one-time job has then had its time.
    pub fn execute(&mut self, company: &Tenant, handle: &str) -> Result<(), Fault> {
        let index = self.find_scheduled(company, handle, "executeJob")?;
        self.fire(index, self.now);
        if matches!(self.schedules[index].trigger, Trigger::Once) {
            self.schedules.remove(index);
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

enum Found {
    Active(usize),
    Scheduled(usize),
}
