//! A certificate authority of the benchmark's own, which the measured programs trust besides the system's.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::world::Failure;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Where Linux distributions keep the certificates that they trust.
const SYSTEM: [&str; 3] = [
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// The files and the TLS settings with which clients trust the server.
pub struct Trust {
    /// This authority alone, for a client that adds it to its own.
    pub authority: PathBuf,
    /// The system's authorities and this one: as much to read as on Lambda.
    pub all: PathBuf,
    /// The server's side.
    pub acceptor: TlsAcceptor,
}

impl Trust {
    /// Creates an authority, and a certificate for these hosts. The files go into `directory`.
    pub fn new(directory: &Path, hosts: Vec<String>) -> Result<Self, Failure> {
        let key = KeyPair::generate()?;
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL treats a certificate as self-signed if it has its issuer's name.
        authority.distinguished_name.push(DnType::CommonName, "compare");
        let root = authority.self_signed(&key)?.pem();
        let issuer = Issuer::new(authority, key);

        let key = KeyPair::generate()?;
        let leaf = CertificateParams::new(hosts)?.signed_by(&key, &issuer)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)?;

        let system = SYSTEM.iter().find_map(|path| fs::read_to_string(path).ok());
        let system = system.ok_or("this system has no file of trusted certificates")?;
        let (authority_file, all) = (directory.join("authority.pem"), directory.join("all.pem"));
        fs::write(&authority_file, &root)?;
        fs::write(&all, format!("{system}\n{root}"))?;
        Ok(Self { authority: authority_file, all, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}
