//! Port to IPS: one method for each SOAP operation, without HTTP or XML.

use async_trait::async_trait;

use super::answer::Answered;
use super::caller::Caller;
use super::error::UpstreamError;
use super::health::UpstreamHealth;
use crate::ips::types::*;

macro_rules! declare_api {
    ($($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+) => {
        /// Operations of IPS. One method is one SOAP call; the IPS reference documents the operation of the same name.
        #[async_trait]
        pub trait IpsApi: Send + Sync {
            /// Returns the health of the upstream as recent calls showed it. Makes no call.
            fn health(&self) -> UpstreamHealth;

            /// Checks that the request of a submit can be written as XML of the configured version. Makes no call.
            ///
            /// # Errors
            /// [`Failure::Unwritable`](super::Failure::Unwritable).
            fn check_submit(&self, request: &SubmitJobParam) -> Result<(), UpstreamError>;

            $(#[doc = concat!("Calls `", $name, "`.")]
            ///
            /// # Errors
            /// No answer, or a fault.
            async fn $method(&self, caller: &Caller, request: &$request) -> Result<Answered<$answer>, UpstreamError>;)+
        }
    };
}

for_each_operation!(declare_api);

/// Implements the operations of [`IpsApi`] within an `impl` block: each method evaluates the expression `$forward!(self, method, caller,
/// request)`.
macro_rules! forward_operations {
    ({ $forward:ident } $($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+) => {
        $(fn $method<'life0, 'life1, 'life2, 'async_trait>(
            &'life0 self,
            caller: &'life1 Caller,
            request: &'life2 $request,
        ) -> futures_util::future::BoxFuture<'async_trait, Result<Answered<$answer>, UpstreamError>>
        where
            'life0: 'async_trait,
            'life1: 'async_trait,
            'life2: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin($forward!(self, $method, caller, request))
        })+
    };
}

pub(super) use forward_operations;
