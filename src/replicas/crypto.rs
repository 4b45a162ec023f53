//! Cryptography of the shared store and of sealed credentials: keys are keyed hashes (HMAC-SHA-256), and values are encrypted and authenticated
//! (XChaCha20-Poly1305), bound to their purpose or to the key under which they are stored as associated data (RFC 5116).

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::replicas::StoreKey;

/// Length of a nonce of XChaCha20, in bytes.
const NONCE_LENGTH: usize = 24;

/// Hashing and encryption keys, derived from a secret.
pub struct Keys {
    hashing: [u8; 32],
    encryption: XChaCha20Poly1305,
}

impl Keys {
    /// Derives the keys of this secret and scope: keys of another scope open nothing of this one.
    pub fn new(secret: &[u8], scope: &[&str]) -> Self {
        let root = mac(secret, &scope.iter().map(|part| part.as_bytes()).collect::<Vec<_>>());
        let encryption = mac(&root, &[b"values"]);
        Self { hashing: mac(&root, &[b"names"]), encryption: XChaCha20Poly1305::new(&encryption.into()) }
    }

    /// Returns the key of the value that these parts identify.
    pub fn store_key(&self, parts: &[&[u8]]) -> StoreKey {
        let hash = mac(&self.hashing, parts);
        let mut key = [0; 24];
        key.copy_from_slice(&hash[..24]);
        StoreKey(key)
    }

    /// Encrypts a value and authenticates it with its associated data; `None` if the operating system has no random bytes.
    pub fn seal(&self, associated_data: &str, plain: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce).ok()?;
        let payload = Payload { msg: plain, aad: associated_data.as_bytes() };
        let sealed = self.encryption.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts a value that [`Keys::seal`] returned for the same associated data; `None` for anything else.
    pub fn open(&self, associated_data: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>()?;
        self.encryption.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: associated_data.as_bytes() }).ok()
    }
}

/// Returns the HMAC-SHA-256 (RFC 2104) of parts, each with its length, so that different parts never give the same input.
fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC accepts keys of any length");
    for part in parts {
        mac.update(&part.len().to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    #[test]
    fn a_value_decrypts_only_unchanged_and_with_its_associated_data() {
        let keys = Keys::new(SECRET, &["https://ips.example.com", "2014-04-03"]);
        let sealed = keys.seal("here", b"a list of jobs").expect("random bytes");
        assert_eq!(keys.open("here", &sealed).as_deref(), Some(b"a list of jobs".as_slice()));
        assert_eq!(keys.open("there", &sealed), None, "moved");
        assert_eq!(keys.open("here", &sealed[..sealed.len() - 1]), None, "truncated");
        assert_eq!(keys.open("here", b"garbage"), None);
        for index in 0..sealed.len() {
            let mut other = sealed.clone();
            other[index] ^= 1;
            assert_eq!(keys.open("here", &other), None, "byte {index} changed");
        }
        let others = [
            Keys::new(b"1123456789abcdef0123456789abcdef", &["https://ips.example.com", "2014-04-03"]),
            Keys::new(SECRET, &["https://ips.example.com", "2016-01-14"]),
        ];
        for other in others {
            assert_eq!(other.open("here", &sealed), None, "another secret or scope");
        }
    }

    #[test]
    fn keys_depend_on_the_secret_the_scope_and_every_part() {
        let keys = Keys::new(SECRET, &[]);
        let key = keys.store_key(&[b"user@example.com", b"c|110"]);
        assert_eq!(
            key,
            Keys::new(SECRET, &[]).store_key(&[b"user@example.com", b"c|110"]),
            "the same on every replica"
        );
        assert_ne!(key, keys.store_key(&[b"user@example.comc", b"|110"]));
        assert_ne!(key, Keys::new(SECRET, &["staging"]).store_key(&[b"user@example.com", b"c|110"]));
    }
}
