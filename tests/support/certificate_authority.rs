//! Private certificate authorities.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// The certificate authority of a test's servers.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, key()).expect("a certificate"))
    }

    /// Its root certificate, in PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Writes its root certificate to a file; returns the path.
    pub fn file(&self) -> String {
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let name = format!("authority-{}-{}.pem", std::process::id(), FILES.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, self.pem()).expect("a file");
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    /// Issues a certificate; returns it with its key.
    pub fn certify(&self, params: CertificateParams) -> (Certificate, KeyPair) {
        let key = key();
        (params.signed_by(&key, &self.0).expect("a certificate"), key)
    }
}

pub fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

pub fn for_host(host: &str) -> CertificateParams {
    CertificateParams::new([host.to_owned()]).expect("a name")
}
