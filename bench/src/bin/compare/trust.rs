//! A certificate authority of our own, which the programs under test trust beside all others.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use acm_dns_validator_bench::world::Failure;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Where Linux distributions keep the certificates they trust.
const SYSTEM: [&str; 3] = [
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// Server and clients that trust each other.
pub(crate) struct Trust {
    /// Our authority alone, for a client that adds it to what it brings along.
    pub(crate) ours: PathBuf,
    /// The system's authorities and ours: as much to read as on Lambda.
    pub(crate) all: PathBuf,
    /// The server's side.
    pub(crate) acceptor: TlsAcceptor,
}

impl Trust {
    /// Makes an authority, and a certificate for these hosts; files go into `directory`.
    pub(crate) fn new(directory: &Path, hosts: Vec<String>) -> Result<Self, Failure> {
        let key = KeyPair::generate()?;
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL takes a certificate for self-signed if it bears its issuer's name.
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
        let system = system.ok_or("this system trusts nobody")?;
        let (ours, all) = (directory.join("ours.pem"), directory.join("all.pem"));
        fs::write(&ours, &root)?;
        fs::write(&all, format!("{system}\n{root}"))?;
        Ok(Self { ours, all, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}
