//! Sandbox: hand-written SOAP over its real socket, with a manual clock.

mod actions;
mod contract;
mod doors;
mod faults;
mod follow_ons;
mod lifecycle;
mod logs;
mod rehearsals;
mod roles;
mod schedules;
mod script;
mod soap;
mod versions;
