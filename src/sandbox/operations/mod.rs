//! Operations of the job API, one function each, named after the operation.

mod call;
mod companies;
mod jobs;
mod logs;

pub(super) use call::Call;
pub(super) use companies::*;
pub(super) use jobs::*;
pub(super) use logs::*;
