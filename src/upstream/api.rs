//! The port to IPS: one method for each SOAP operation, without HTTP or XML.

use async_trait::async_trait;

use crate::ips::types::*;
use crate::upstream::answer::Answered;
use crate::upstream::caller::Caller;
use crate::upstream::error::UpstreamError;
use crate::upstream::health::UpstreamHealth;

/// The IPS operations that the gateway calls. One method, one SOAP call; see the operation of the same name in the IPS reference.
#[async_trait]
pub trait IpsApi: Send + Sync {
    /// How IPS was when it was asked last; asks nothing.
    fn health(&self) -> UpstreamHealth;

    /// Checks that a submit could be written, as [`IpsApi::submit_job`] would write it; sends nothing.
    fn check_submit(&self, request: &SubmitJobParam) -> Result<(), UpstreamError>;

    /// `submitJob`
    async fn submit_job(
        &self,
        caller: &Caller,
        request: &SubmitJobParam,
    ) -> Result<Answered<SubmitJobReturn>, UpstreamError>;
    /// `getActiveJobs`
    async fn get_active_jobs(
        &self,
        caller: &Caller,
        request: &GetActiveJobsParam,
    ) -> Result<Answered<GetActiveJobsReturn>, UpstreamError>;
    /// `getScheduledJobs`
    async fn get_scheduled_jobs(
        &self,
        caller: &Caller,
        request: &GetScheduledJobsParam,
    ) -> Result<Answered<GetScheduledJobsReturn>, UpstreamError>;
    /// `getJobLogs`
    async fn get_job_logs(
        &self,
        caller: &Caller,
        request: &GetJobLogsParam,
    ) -> Result<Answered<GetJobLogsReturn>, UpstreamError>;
    /// `getJobLogDetails`
    async fn get_job_log_details(
        &self,
        caller: &Caller,
        request: &GetJobLogDetailsParam,
    ) -> Result<Answered<GetJobLogDetailsReturn>, UpstreamError>;
    /// `getArchivedJobLogDetails`
    async fn get_archived_job_log_details(
        &self,
        caller: &Caller,
        request: &GetArchivedJobLogDetailsParam,
    ) -> Result<Answered<GetArchivedJobLogDetailsReturn>, UpstreamError>;
    /// `getAssetJobLogs`
    async fn get_asset_job_logs(
        &self,
        caller: &Caller,
        request: &GetAssetJobLogsParam,
    ) -> Result<Answered<GetAssetJobLogsReturn>, UpstreamError>;
    /// `getAssetArchivedJobLogs`
    async fn get_asset_archived_job_logs(
        &self,
        caller: &Caller,
        request: &GetAssetArchivedJobLogsParam,
    ) -> Result<Answered<GetAssetArchivedJobLogsReturn>, UpstreamError>;
    /// `stopJob`
    async fn stop_job(&self, caller: &Caller, request: &StopJobParam)
    -> Result<Answered<StopJobReturn>, UpstreamError>;
    /// `pauseJob`
    async fn pause_job(
        &self,
        caller: &Caller,
        request: &PauseJobParam,
    ) -> Result<Answered<PauseJobReturn>, UpstreamError>;
    /// `resumeJob`
    async fn resume_job(
        &self,
        caller: &Caller,
        request: &ResumeJobParam,
    ) -> Result<Answered<ResumeJobReturn>, UpstreamError>;
    /// `executeJob`
    async fn execute_job(
        &self,
        caller: &Caller,
        request: &ExecuteJobParam,
    ) -> Result<Answered<ExecuteJobReturn>, UpstreamError>;
    /// `deleteJob`
    async fn delete_job(
        &self,
        caller: &Caller,
        request: &DeleteJobParam,
    ) -> Result<Answered<DeleteJobReturn>, UpstreamError>;
    /// `getCompanyInfo`
    async fn get_company_info(
        &self,
        caller: &Caller,
        request: &GetCompanyInfoParam,
    ) -> Result<Answered<GetCompanyInfoReturn>, UpstreamError>;
    /// `getCompanyMembership`
    async fn get_company_membership(
        &self,
        caller: &Caller,
        request: &GetCompanyMembershipParam,
    ) -> Result<Answered<GetCompanyMembershipReturn>, UpstreamError>;
}
