//! Handlers of the routes: they read the request, call the jobs, and write the response.

pub mod companies;
pub mod docs;
pub mod events;
pub mod health;
pub mod jobs;
pub mod logs;
