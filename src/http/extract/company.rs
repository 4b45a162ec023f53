//! Query parameters that select a company.

use serde::Deserialize;

use crate::jobs::CompanyChoice;

/// The parameters that name a company.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CompanyParams {
    /// The company, by its handle. Without it and without `company`: the configured company, else the caller's only one.
    #[param(example = "c|110", required = false)]
    pub company_handle: Option<String>,
    /// The company, by its name.
    #[param(required = false)]
    pub company: Option<String>,
}

impl From<CompanyParams> for CompanyChoice {
    fn from(params: CompanyParams) -> Self {
        Self { handle: params.company_handle, name: params.company }
    }
}
