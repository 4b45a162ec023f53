//! Port to IPS: one method for each SOAP operation, without HTTP or XML.

use futures_util::future::BoxFuture;

use super::caller::Caller;
use super::error::UpstreamError;
use super::health::{OmittedField, UpstreamHealth};
use crate::ips::types::*;

/// Answer of IPS, with the items of it that could not be read.
#[derive(Debug, Clone, Default)]
pub struct IpsAnswer<T> {
    /// Answer without the unreadable items.
    pub value: T,
    /// Items of its arrays that were left out, each with the reason.
    pub bad_items: Vec<BadItem>,
}

/// Item of an answer that could not be read; the other items could.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct BadItem {
    /// Where in the answer, for example `jobArray.items[3].totalSize`.
    pub path: String,
    /// Why it could not be read.
    pub reason: String,
}

/// Future of a call of one operation.
pub type Call<'a, A> = BoxFuture<'a, Result<IpsAnswer<A>, UpstreamError>>;

macro_rules! declare_api {
    ($($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+) => {
        /// Operations of IPS. One method is one SOAP call; the IPS reference documents the operation of the same name.
        pub trait IpsApi: Send + Sync {
            /// Returns the health of the upstream as recent calls showed it. Makes no call.
            fn health(&self) -> UpstreamHealth;

            /// Returns the fields that the gateway leaves out of its own requests. Makes no call.
            fn omitted_fields(&self) -> Vec<OmittedField> {
                Vec::new()
            }

            /// Returns whether IPS has accepted the credentials of the caller since the start of the process. Makes no call.
            fn has_accepted(&self, _caller: &Caller) -> bool {
                true
            }

            /// Checks that the request of a submit can be written as XML of the configured version. Makes no call.
            ///
            /// # Errors
            /// [`Failure::Unwritable`](super::Failure::Unwritable).
            fn check_submit(&self, request: &SubmitJobParam) -> Result<(), UpstreamError>;

            $(#[doc = concat!("Calls `", $name, "`.")]
            ///
            /// # Errors
            /// No answer, or a fault.
            fn $method<'a>(&'a self, caller: &'a Caller, request: &'a $request) -> Call<'a, $answer>;)+
        }
    };
}

for_each_operation!(declare_api);

/// Implements the operations of [`IpsApi`] within an `impl` block: each method returns the future
/// `$forward!(self, method, caller, request)`.
macro_rules! forward_operations {
    ({ $forward:ident } $($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+) => {
        $(fn $method<'a>(&'a self, caller: &'a Caller, request: &'a $request) -> Call<'a, $answer> {
            Box::pin($forward!(self, $method, caller, request))
        })+
    };
}

pub(in crate::upstream) use forward_operations;
