//! The sandbox from outside: hand-written SOAP over its real socket, and a clock that is advanced instead of waited for.

mod contract;
mod faults;
mod lifecycle;
mod logs;
mod schedules;
mod soap;
