//! API keys in use: those of the file, which is read again when it changes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;

use crate::http::auth::api_keys::{ApiKeys, InvalidKeys};
use crate::http::request_context::Role;
use crate::telemetry::metrics::names;

/// API keys of a file. A file that is invalid after a change leaves the keys as they were.
pub struct KeyStore {
    file: PathBuf,
    keys: watch::Sender<Arc<ApiKeys>>,
    last_read: Mutex<LastRead>,
}

/// Latest read of the file.
struct LastRead {
    /// Content, or the reason why it can't be read.
    content: Result<String, String>,
    validity: KeyFileValidity,
}

/// Whether the file of API keys was valid when it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFileValidity {
    /// Its keys are in use.
    Valid,
    /// The keys of the last valid file are in use.
    Invalid,
}

/// Treatment of a file whose content differs from that of the read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChangedContent {
    /// It is used at the next read that finds the same content: it may not be complete yet.
    Await,
    /// It is used at once.
    Use,
}

impl KeyStore {
    /// Reads the keys from a TOML file.
    ///
    /// # Errors
    /// Those of [`ApiKeys::read`].
    pub fn open(file: PathBuf) -> Result<Self, InvalidKeys> {
        let content = ApiKeys::content(&file);
        let keys = ApiKeys::parse(&file, &content)?;
        let last_read = LastRead { content, validity: KeyFileValidity::Valid };
        metrics::gauge!(names::API_KEYS_VALID).set(1.0);
        Ok(Self { file, keys: watch::Sender::new(Arc::new(keys)), last_read: Mutex::new(last_read) })
    }

    /// Returns the keys in use.
    pub fn keys(&self) -> Arc<ApiKeys> {
        Arc::clone(&self.keys.borrow())
    }

    /// Returns whether the file was valid when it was last read.
    pub fn validity(&self) -> KeyFileValidity {
        self.last_read.lock().unwrap_or_else(PoisonError::into_inner).validity
    }

    /// Reads the file in intervals of `interval`, and at once for each of the `reload_requests`. Changed content is used when two reads in
    /// a row find it, since the file may be written at this moment; on a request at once. Completes when the store is dropped.
    pub async fn keep_current(store: Weak<Self>, interval: Duration, mut reload_requests: watch::Receiver<usize>) {
        loop {
            let requested = async {
                if reload_requests.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            let changed = tokio::select! {
                () = tokio::time::sleep(interval) => ChangedContent::Await,
                () = requested => ChangedContent::Use,
            };
            let Some(store) = store.upgrade() else { return };
            // A panic is logged by its hook.
            let _ = tokio::task::spawn_blocking(move || store.read(changed)).await;
        }
    }

    /// Reads the file, and uses its keys if they are valid.
    fn read(&self, changed: ChangedContent) {
        let content = ApiKeys::content(&self.file);
        let mut last = self.last_read.lock().unwrap_or_else(PoisonError::into_inner);
        if last.content != content {
            last.content = content;
            if changed == ChangedContent::Await {
                return;
            }
        }
        match ApiKeys::parse(&self.file, &last.content) {
            Ok(keys) => {
                let is_new = *self.keys.borrow().as_ref() != keys;
                if is_new {
                    tracing::info!(keys = keys.len(), "API keys reloaded");
                    self.keys.send_replace(Arc::new(keys));
                }
                last.validity = KeyFileValidity::Valid;
                metrics::gauge!(names::API_KEYS_VALID).set(1.0);
            }
            Err(error) => {
                if last.validity == KeyFileValidity::Valid || changed == ChangedContent::Use {
                    tracing::error!(%error, "the API keys are not reloaded: those of the last valid file stay in use");
                }
                last.validity = KeyFileValidity::Invalid;
                metrics::gauge!(names::API_KEYS_VALID).set(0.0);
            }
        }
    }

    /// Returns a watch of the key with this hash; `None` if it is not in use.
    pub fn watch(&self, hash: &str) -> Option<KeyWatch> {
        let mut keys = self.keys.subscribe();
        let granted = Grant::of(&keys.borrow_and_update(), hash)?;
        Some(KeyWatch { keys, hash: hash.to_owned(), granted })
    }
}

/// What an API key permits.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Grant {
    role: Role,
    companies: Option<Arc<[String]>>,
}

impl Grant {
    fn of(keys: &ApiKeys, hash: &str) -> Option<Self> {
        keys.find_by_hash(hash).map(|key| Self { role: key.role(), companies: key.companies() })
    }
}

/// Watch of an API key for a response that takes long.
pub struct KeyWatch {
    keys: watch::Receiver<Arc<ApiKeys>>,
    hash: String,
    granted: Grant,
}

impl KeyWatch {
    /// Completes when the key is revoked or permits something else than at the start of the watch.
    pub async fn ended(&mut self) {
        let (hash, granted) = (&self.hash, &self.granted);
        let differs = |keys: &Arc<ApiKeys>| Grant::of(keys, hash).as_ref() != Some(granted);
        if self.keys.wait_for(differs).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
