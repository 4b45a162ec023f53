//! Query string extractor of operations on a company.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::query::NoParams;
use super::query_values::{QueryValues, deserialize};
use crate::http::problem::Problem;
use crate::jobs::CompanyChoice;

/// Names of the fields of [`CompanyParams`].
const COMPANY_PARAMETERS: [&str; 2] = ["companyHandle", "company"];

/// Query parameters that select a company.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CompanyParams {
    /// Handle of the company. Default, without `company` as well: the company in the job id or in the request body, else the configured
    /// company, else the caller's only one.
    #[param(example = "c|110", required = false)]
    company_handle: Option<String>,
    /// Name of the company, instead of `companyHandle`.
    #[param(required = false)]
    company: Option<String>,
}

/// The query string as [`CompanyParams`] and the other parameters of the operation. The rules of [`Query`](super::Query) apply to both.
pub struct CompanyQuery<T = NoParams> {
    /// Selected company.
    pub company: CompanyChoice,
    /// Parameters of the operation.
    pub params: T,
}

impl<T: DeserializeOwned> FromRequest for CompanyQuery<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(request.query_string()).map_err(Problem::from))
    }
}

impl<T: DeserializeOwned> CompanyQuery<T> {
    /// Parses a query string.
    ///
    /// # Errors
    /// A parameter is unknown or invalid.
    pub fn parse(query: &str) -> Result<Self, crate::jobs::Error> {
        let (company, rest) = QueryValues::decode(query)?.partition(&COMPANY_PARAMETERS);
        let CompanyParams { company_handle, company } = deserialize(company, &[])?;
        let company = CompanyChoice { handle: company_handle, name: company };
        Ok(Self { company, params: deserialize(rest, &COMPANY_PARAMETERS)? })
    }
}
