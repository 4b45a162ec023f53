//! What each operation does: one small function apiece.

use chrono::{DateTime, Utc};

use super::faults;
use super::kinds::Detail;
use super::life::{Order, Phase};
use super::schedule::{Schedule, Trigger};
use super::users::{self, COMPANIES, Role, Tenant, User};
use super::world::{When, World};
use secrecy::ExposeSecret;

use crate::ips::types::*;

/// One call of an operation: by whom, on what.
pub(super) struct Call<'a> {
    pub world: &'a mut World,
    pub user: &'static User,
    /// The operation's name.
    pub operation: &'static str,
    /// `locale` of the authHeader.
    pub locale: Option<&'a str>,
}

impl Call<'_> {
    /// The company that a handle names, if it is one of the user's.
    pub fn company(&self, handle: &str) -> Result<&'static Tenant, Fault> {
        let company = COMPANIES.into_iter().find(|company| company.handle == handle);
        self.own(company, || format!("there is no company {handle:?}"))
    }

    /// The company named, or the user's only one.
    pub fn company_or_only(&self, handle: Option<&str>) -> Result<&'static Tenant, Fault> {
        match (handle, self.user.companies) {
            (Some(handle), _) => self.company(handle),
            (None, [only]) => Ok(only),
            (None, _) => Err(faults::invalid_company(
                "Invalid company: companyHandle is missing and the user has more than one company",
            )),
        }
    }

    fn own(&self, company: Option<&'static Tenant>, otherwise: impl Fn() -> String) -> Result<&'static Tenant, Fault> {
        let company =
            company.ok_or_else(|| faults::invalid_company(format_args!("Invalid company: {}", otherwise())))?;
        if self.user.belongs_to(company) {
            Ok(company)
        } else {
            Err(faults::illegal_company(self.user.email, company.handle))
        }
    }

    /// The company that a handle names, if the user may change its jobs.
    fn changeable(&self, handle: &str) -> Result<&'static Tenant, Fault> {
        let company = self.company(handle)?;
        if self.user.role == Role::Reader {
            Err(faults::no_permission(self.user.email, self.operation))
        } else {
            Ok(company)
        }
    }

    /// The user that a handle names, if it belongs to the company.
    pub fn member(handle: &str, company: &Tenant) -> Result<&'static User, Fault> {
        let user = users::by_handle(handle).ok_or_else(|| faults::invalid_request_user(handle))?;
        if user.belongs_to(company) { Ok(user) } else { Err(faults::illegal_request_user(handle, company.handle)) }
    }

    /// Fails unless the user is the other, or may act for others.
    fn may_act_for(&self, other: &User) -> Result<(), Fault> {
        let allowed = other.handle == self.user.handle || self.user.role == Role::CompanyAdmin;
        if allowed { Ok(()) } else { Err(faults::no_impersonation(self.user.email, other.handle)) }
    }
}

pub(super) fn submit_job(mut param: SubmitJobParam, call: &mut Call<'_>) -> Result<SubmitJobReturn, Fault> {
    let company = call.changeable(&param.company_handle)?;
    let submitter = match &param.user_handle {
        Some(handle) => Call::member(handle, company)?,
        None => call.user,
    };
    call.may_act_for(submitter)?;
    if param.job_name.trim().is_empty() {
        return Err(faults::missing_parameter("Missing parameter: jobName"));
    }
    let mut details = Detail::all_of(&mut param);
    let detail = match (details.pop(), details.is_empty()) {
        (Some(detail), true) => detail,
        (Some(_), false) => {
            return Err(faults::invalid_parameter("Invalid parameter: a job has exactly one job detail, not several"));
        }
        (None, _) => {
            return Err(faults::missing_parameter(
                "Missing parameter: the job has no job detail such as uploadUrlsJob",
            ));
        }
    };
    let when = match (param.exec_time, &param.exec_schedule) {
        (None, None) => When::Now,
        (Some(Timestamp(time)), None) => When::At(time.with_timezone(&Utc)),
        (None, Some(expression)) => When::Recurring(Trigger::recurring(expression).map_err(faults::invalid_parameter)?),
        (Some(_), Some(_)) => {
            return Err(faults::invalid_parameter("Invalid parameter: at most one of execTime and execSchedule"));
        }
    };
    let order = Order {
        company,
        original_name: param.job_name,
        detail,
        submitter: submitter.email.into(),
        locale: param.locale.or_else(|| call.locale.map(Into::into)).or_else(|| Some("en-US".into())),
        description: param.description,
    };
    Ok(SubmitJobReturn { job_handle: call.world.submit(order, when)? })
}

/// Whether a filter that may be absent lets a value through.
fn lets_through(filter: Option<&String>, value: &str) -> bool {
    filter.is_none_or(|wanted| wanted == value)
}

pub(super) fn get_active_jobs(param: GetActiveJobsParam, call: &mut Call<'_>) -> Result<GetActiveJobsReturn, Fault> {
    let company = call.company_or_only(param.company_handle.as_deref())?;
    let now: DateTime<Utc> = call.world.now();
    let waiting_too = param.include_waiting_jobs.unwrap_or(false);
    let wanted = call.world.jobs_of(company).filter(|job| {
        (waiting_too || !job.phase(now).waits())
            && lets_through(param.job_handle.as_ref(), &job.active_handle())
            && lets_through(param.original_name.as_ref(), &job.order.original_name)
    });
    Ok(GetActiveJobsReturn { job_array: wanted.filter_map(|job| job.show(now)).collect() })
}

pub(super) fn get_scheduled_jobs(
    param: GetScheduledJobsParam,
    call: &mut Call<'_>,
) -> Result<GetScheduledJobsReturn, Fault> {
    let company = call.company_or_only(param.company_handle.as_deref())?;
    let wanted = call.world.schedules_of(company).filter(|schedule| {
        lets_through(param.job_handle.as_ref(), &schedule.handle())
            && lets_through(param.original_name.as_ref(), &schedule.order.original_name)
    });
    Ok(GetScheduledJobsReturn { job_array: wanted.map(Schedule::show).collect() })
}

pub(super) fn stop_job(param: StopJobParam, call: &mut Call<'_>) -> Result<StopJobReturn, Fault> {
    let company = call.changeable(&param.company_handle)?;
    call.world.stop(company, &param.job_handle, call.user).map(|()| StopJobReturn {})
}

pub(super) fn pause_job(param: PauseJobParam, call: &mut Call<'_>) -> Result<PauseJobReturn, Fault> {
    let company = call.changeable(&param.company_handle)?;
    call.world.pause(company, &param.job_handle).map(|()| PauseJobReturn {})
}

pub(super) fn resume_job(param: ResumeJobParam, call: &mut Call<'_>) -> Result<ResumeJobReturn, Fault> {
    let company = call.changeable(&param.company_handle)?;
    call.world.resume(company, &param.job_handle).map(|()| ResumeJobReturn {})
}

pub(super) fn execute_job(param: ExecuteJobParam, call: &mut Call<'_>) -> Result<ExecuteJobReturn, Fault> {
    let company = call.changeable(&param.company_handle)?;
    call.world.execute(company, &param.job_handle).map(|()| ExecuteJobReturn {})
}

pub(super) fn delete_job(param: DeleteJobParam, call: &mut Call<'_>) -> Result<DeleteJobReturn, Fault> {
    let company = call.changeable(&param.company_handle)?;
    call.world.delete(company, &param.job_handle).map(|()| DeleteJobReturn {})
}

fn asset_logs(call: &Call<'_>, company: &str, asset: &str, phase: Phase) -> Result<Vec<AssetJobLog>, Fault> {
    let company = call.company(company)?;
    let mut logs: Vec<_> = call.world.jobs_in(company, phase).flat_map(|job| job.asset_logs(asset)).collect();
    logs.sort_by_key(|log| log.log_date);
    Ok(logs)
}

pub(super) fn get_asset_job_logs(
    param: GetAssetJobLogsParam,
    call: &mut Call<'_>,
) -> Result<GetAssetJobLogsReturn, Fault> {
    asset_logs(call, &param.company_handle, &param.asset_handle, Phase::Logged)
        .map(|job_log_array| GetAssetJobLogsReturn { job_log_array })
}

pub(super) fn get_asset_archived_job_logs(
    param: GetAssetArchivedJobLogsParam,
    call: &mut Call<'_>,
) -> Result<GetAssetArchivedJobLogsReturn, Fault> {
    asset_logs(call, &param.company_handle, &param.asset_handle, Phase::Archived)
        .map(|job_log_array| GetAssetArchivedJobLogsReturn { job_log_array })
}

pub(super) fn get_company_info(param: GetCompanyInfoParam, call: &mut Call<'_>) -> Result<GetCompanyInfoReturn, Fault> {
    let company = if let Some(name) = &param.company_name {
        call.own(COMPANIES.into_iter().find(|company| company.name == name), || {
            format!("there is no company named {name:?}")
        })?
    } else if let Some(id) = &param.ims_org_id {
        call.own(COMPANIES.into_iter().find(|company| company.ims_org_id == id), || {
            format!("there is no company with imsOrgId {id:?}")
        })?
    } else {
        call.company_or_only(param.company_handle.as_deref())?
    };
    Ok(GetCompanyInfoReturn { company_info: company.describe() })
}

pub(super) fn get_company_membership(
    param: GetCompanyMembershipParam,
    call: &mut Call<'_>,
) -> Result<GetCompanyMembershipReturn, Fault> {
    let user = match &param.user_handle {
        Some(handle) => users::by_handle(handle).ok_or_else(|| faults::invalid_request_user(handle))?,
        None => call.user,
    };
    call.may_act_for(user)?;
    let membership = |company: &&Tenant| CompanyMembership {
        company: company.describe(),
        role: Some(user.role.as_str().into()),
        is_active: Some(user.active),
    };
    Ok(GetCompanyMembershipReturn { membership_array: user.companies.iter().map(membership).collect() })
}

pub(super) fn check_login(param: CheckLoginParam, call: &mut Call<'_>) -> Result<CheckLoginReturn, Fault> {
    let company = param.company_handle.as_deref().map(|handle| call.company(handle)).transpose()?;
    let valid = users::by_email(&param.email).is_some_and(|user| {
        user.active
            && user.password == param.password.expose_secret()
            && company.is_none_or(|company| user.belongs_to(company))
    });
    Ok(CheckLoginReturn { status: if valid { "ValidLogin" } else { "InvalidLogin" }.into() })
}
