//! Start of subscriptions and watchers.

use std::sync::Arc;

use crate::jobs::cache::lists::ListCaches;
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::company::CompanyChoice;
use crate::jobs::error::Result;
use crate::jobs::model::id::JobRef;
use crate::jobs::model::job::Phase;
use crate::jobs::queries::JobLookup;
use crate::jobs::subscriptions::position::StreamPosition;
use crate::jobs::subscriptions::subscription::{StreamEnd, SubscribedJob, Subscription};
use crate::jobs::subscriptions::watchers::ListWatchers;
use crate::upstream::Caller;

/// Subscriptions to the events of the lists.
pub struct Subscriptions {
    caches: ListCaches,
    lookup: Arc<JobLookup>,
}

impl Subscriptions {
    /// Subscribes to the lists of `caches`; `lookup` finds jobs that are not in the active list.
    #[must_use]
    pub fn new(caches: ListCaches, lookup: Arc<JobLookup>) -> Self {
        Self { caches, lookup }
    }

    /// Subscribes to the events of the active jobs of `company`, after `position` if the event log still contains it.
    ///
    /// # Errors
    /// The errors of IPS when the list is loaded.
    pub async fn subscribe_to_company(
        &self,
        caller: Arc<Caller>,
        company: &str,
        position: Option<StreamPosition>,
    ) -> Result<Subscription> {
        let caller = Arc::new(caller.without_locale());
        let active = self.caches.active.watch(&caller, company);
        self.caches.active.read(&caller, company, CacheDirective::Unspecified).await?;
        Ok(Subscription::new(Arc::clone(&self.lookup), caller, active, position, None))
    }

    /// Subscribes to the events of one job, until it or its chain is completed, or it is removed.
    ///
    /// # Errors
    /// Those of [`JobLookup::find`].
    pub async fn subscribe_to_job(
        &self,
        caller: Arc<Caller>,
        choice: &CompanyChoice,
        job: &JobRef,
        position: Option<StreamPosition>,
        until: StreamEnd,
    ) -> Result<Subscription> {
        let caller = Arc::new(caller.without_locale());
        let company = self.lookup.company_of(&caller, choice, job).await?;
        let found = self.lookup.find(&caller, choice, job, CacheDirective::Unspecified).await?;
        let active = self.caches.active.watch(&caller, &company);
        self.caches.active.read(&caller, &company, CacheDirective::Unspecified).await?;
        // Events have the id of the job in the list, which may differ from that of the request.
        let encoded_id = found.job.job.id.clone();
        let id = found.id()?;
        let is_scheduled = found.job.job.phase == Phase::Scheduled;
        let scheduled = is_scheduled.then(|| self.caches.scheduled.watch(&caller, &company));
        // The event log is that of the active list, and has no events of schedules: the stream starts with a snapshot.
        let position = position.filter(|_| !is_scheduled);
        let job = SubscribedJob { id, encoded_id, last_content_hash: None, scheduled, until, is_finished: false };
        Ok(Subscription::new(Arc::clone(&self.lookup), caller, active, position, Some(job)))
    }

    /// Watches the lists of these phases of `company`.
    #[must_use]
    pub fn watch(&self, caller: &Caller, company: &str, phases: &[Phase]) -> ListWatchers {
        ListWatchers(self.caches.of_phases(phases).map(|cache| cache.watch(caller, company)).collect())
    }
}
