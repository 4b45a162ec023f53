//! Sandbox: hand-written SOAP over its real socket, with a manual clock.

mod actions;
mod contract;
mod doors;
mod faults;
mod lifecycle;
mod logs;
mod schedules;
mod soap;
mod versions;
