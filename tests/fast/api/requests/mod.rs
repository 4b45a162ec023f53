//! What every request goes through: authentication, validation, CORS, the path prefix.

mod api_keys;
mod company_parameters;
mod cors;
mod cross_site;
mod headers;
mod hostile_bodies;
mod invalid_requests;
mod key_reload;
mod parameters;
mod path_prefix;
mod properties;
mod request_bodies;
mod sent_values;
