//! What the store holds means nothing to others: names are keyed hashes, values are sealed and bound to where they stand.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::replicas::StoreKey;

/// The format of names and values. Replicas of another one see nothing of this, and the other way round.
pub const FORMAT: &str = "ipsgw:1";
const NONCE: usize = 24;

/// The keys of a fleet. All of them are made of the one that is configured.
pub struct Keys {
    names: [u8; 32],
    values: XChaCha20Poly1305,
}

impl Keys {
    /// The keys of the fleet with this secret, for what `scope` tells: an upstream, a version of its API.
    pub fn new(secret: &str, scope: &[&str]) -> Self {
        let root = mac(
            secret.as_bytes(),
            &[&[FORMAT.as_bytes()], &*scope.iter().map(|part| part.as_bytes()).collect::<Vec<_>>()].concat(),
        );
        let values = mac(&root, &[b"values"]);
        Self { names: mac(&root, &[b"names"]), values: XChaCha20Poly1305::new(&values.into()) }
    }

    /// The name of what these parts describe.
    pub fn name(&self, parts: &[&[u8]]) -> StoreKey {
        let hash = mac(&self.names, parts);
        let mut name = [0; 24];
        name.copy_from_slice(&hash[..24]);
        StoreKey(name)
    }

    /// Seals a value for a place; `None` where the operating system has no random bytes.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).ok()?;
        let sealed = self.values.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: place.as_bytes() }).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// The value that was sealed for this place; `None` for everything else.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        self.values.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: place.as_bytes() }).ok()
    }
}

/// HMAC-SHA-256 (RFC 2104) of parts that can't run into one another.
fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    for part in parts {
        mac.update(&part.len().to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// A name as keys in the store carry it.
pub fn text(name: StoreKey) -> String {
    URL_SAFE_NO_PAD.encode(name.0)
}

/// The name that a text carries.
pub fn from_text(text: &[u8]) -> Option<StoreKey> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(StoreKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_value_opens_only_where_it_was_put_and_only_whole() {
        let keys = Keys::new(SECRET, &["https://ips.example.com", "2014-04-03"]);
        let sealed = keys.seal("here", b"a list of jobs").expect("random bytes");
        assert_eq!(keys.open("here", &sealed).as_deref(), Some(b"a list of jobs".as_slice()));
        assert_eq!(keys.open("there", &sealed), None, "moved");
        assert_eq!(keys.open("here", &sealed[..sealed.len() - 1]), None, "cut");
        assert_eq!(keys.open("here", b"garbage"), None);
        for place in 0..sealed.len() {
            let mut other = sealed.clone();
            other[place] ^= 1;
            assert_eq!(keys.open("here", &other), None, "byte {place} changed");
        }
        let others = [
            Keys::new(&SECRET.replace('0', "1"), &["https://ips.example.com", "2014-04-03"]),
            Keys::new(SECRET, &["https://ips.example.com", "2016-01-14"]),
        ];
        for other in others {
            assert_eq!(other.open("here", &sealed), None, "another fleet's");
        }
    }

    #[test]
    fn names_tell_parts_apart_and_nothing_else() {
        let keys = Keys::new(SECRET, &[]);
        let name = keys.name(&[b"user@example.com", b"c|110"]);
        assert_eq!(name, Keys::new(SECRET, &[]).name(&[b"user@example.com", b"c|110"]), "every replica makes the same");
        assert_ne!(name, keys.name(&[b"user@example.comc", b"|110"]));
        assert_ne!(name, Keys::new(SECRET, &["staging"]).name(&[b"user@example.com", b"c|110"]));
        assert_eq!(from_text(text(name).as_bytes()), Some(name));
    }
}
