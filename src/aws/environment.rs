//! The SDK's configuration from the environment of a Lambda function: region, credentials, endpoints and
//! certificate authorities.
//!
//! `aws-config` reads these too, and much that no Lambda function has: profiles, instance metadata,
//! credentials of containers. It is a tenth of the binary, and a cold start pays for it.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::clients::behavior_version;
use super::connector::OneConnector;
use crate::domain::arn::is_region;
use crate::domain::settings::{Misconfigured, Reader};

/// How long opening a connection may take.
const CONNECT: Duration = Duration::from_secs(3);

/// How many idle connections to a host are kept: as many as a sweep uses at the same time. If fewer were, nearly
/// each of its calls would begin with a TLS handshake, which takes more of the processor than the call.
const IDLE_PER_HOST: usize = 32;

/// How long an idle connection is kept. The clock goes on while the process is frozen, so an old connection
/// is closed before it is used.
const IDLE: Duration = Duration::from_secs(60);

/// Services that have an endpoint of their own, as variables spell them:
/// <https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html>
const SERVICES: [&str; 6] = ["ACM", "EVENTBRIDGE", "ORGANIZATIONS", "ROUTE_53", "SCHEDULER", "STS"];

/// The SDK's configuration by what the environment says.
///
/// Besides what Lambda sets, it goes by `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>`,
/// `AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT`, and `AWS_CA_BUNDLE`, a file whose
/// certificates are trusted instead of the system's.
///
/// # Errors
///
/// [`Misconfigured`], which names every variable that needs attention.
pub fn sdk_config(var: impl Fn(&str) -> Option<String>) -> Result<SdkConfig, Misconfigured> {
    let mut read = Reader::new(var);
    let region = read.required("AWS_REGION", "a region such as eu-west-1", |text| {
        is_region(text).then(|| text.to_owned())
    });
    let mut secret = |name| read.required(name, "what Lambda sets it to", |it| Some(it.to_owned()));
    let (id, key) = (secret("AWS_ACCESS_KEY_ID"), secret("AWS_SECRET_ACCESS_KEY"));
    let token = read.optional("AWS_SESSION_TOKEN", "a token", |text| Some(text.to_owned()));
    let mut endpoint = |name: &str| read.optional(name, "an http or https URL", url);
    let everywhere = endpoint("AWS_ENDPOINT_URL");
    let endpoints = SERVICES.into_iter().filter_map(|service| {
        endpoint(&format!("AWS_ENDPOINT_URL_{service}")).map(|url| (service, url))
    });
    let endpoints = Endpoints(endpoints.collect());
    let mut flag = |name| {
        read.optional(name, "`true` or `false`", |text| text.to_ascii_lowercase().parse().ok())
    };
    let (fips, dual_stack) = (flag("AWS_USE_FIPS_ENDPOINT"), flag("AWS_USE_DUALSTACK_ENDPOINT"));
    let bundle = read.optional("AWS_CA_BUNDLE", "a file of sound certificates in PEM", pem);
    read.finish()?;

    let trusted = bundle
        .map_or_else(TrustStore::default, |pem| TrustStore::empty().with_pem_certificate(pem));
    let tls = TlsContext::builder().with_trust_store(trusted).build();
    let tls = tls.expect("nothing in it is checked before it is used");
    let sleep = SharedAsyncSleep::new(TokioSleep::new());
    let connector = Connector::builder()
        .connector_settings(HttpConnectorSettings::builder().connect_timeout(CONNECT).build())
        .sleep_impl(sleep.clone())
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_idle_timeout(IDLE)
        .tls_context(tls);
    let connector = move || SharedHttpConnector::new(connector.clone().build());
    let credentials = Credentials::new(id, key, token, None, "environment");
    let mut config = SdkConfig::builder()
        .behavior_version(behavior_version())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(OneConnector::new(connector))
        .region(Region::new(region))
        .service_config(endpoints)
        .sleep_impl(sleep)
        .time_source(SharedTimeSource::default());
    config.set_endpoint_url(everywhere).set_use_fips(fips).set_use_dual_stack(dual_stack);
    Ok(config.build())
}

/// Endpoints of single services, by the service as variables spell it.
#[derive(Debug)]
struct Endpoints(BTreeMap<&'static str, String>);

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_ascii_uppercase().replace(' ', "_");
        self.0.get(&*service).filter(|_| key.env() == "AWS_ENDPOINT_URL").cloned()
    }
}

fn url(text: &str) -> Option<String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    (!host.is_empty() && !host.starts_with('/')).then(|| text.to_owned())
}

/// What is in a file of certificates.
fn pem(path: &str) -> Option<Vec<u8>> {
    std::fs::read(path).ok().filter(|pem| is_sound(pem))
}

/// Whether these are certificates, each of which can be trusted. The SDK would take anything, and
/// panic at what TLS cannot use.
fn is_sound(pem: &[u8]) -> bool {
    let mut trusted = RootCertStore::empty();
    let mut certificates = CertificateDer::pem_slice_iter(pem);
    certificates.all(|it| it.is_ok_and(|it| trusted.add(it).is_ok())) && !trusted.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMBDA: [(&str, &str); 3] = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];

    /// Made for this test, and its key thrown away.
    const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIUSMJk3uexaUvsdDz1TbdZvBs/6XQwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEVGVzdDAgFw0yNjExMjYwMjM3NDVaGA8yMTI2MTEwMjAyMzc0
NVowDzENMAsGA1UEAwwEVGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABK8n
IL0bU3fOeFO/C222wbZiDjROub9zdak/PsbTjYfziRuTKR3bRLqdMXq2iS0I+78N
zfhw6pISYSCMmxGWs42jUzBRMB0GA1UdDgQWBBSgnhyUajQOSJEeEv3kJ9/wav8M
mzAfBgNVHSMEGDAWgBSgnhyUajQOSJEeEv3kJ9/wav8MmzAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0kAMEYCIQC/enng/rQnAZyqqGLtv4xkM+wB6GPa1ErP
RE1Wtf8BcwIhAKSj4pcOHOX9q4GxDV1MFMnDDwdGMiWeaCZf7CP6h4M7
-----END CERTIFICATE-----
";

    fn read(vars: &[(&str, &str)]) -> Result<SdkConfig, String> {
        let var = |name: &str| {
            let found = vars.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        sdk_config(var).map_err(|error| error.to_string())
    }

    fn read_with(name: &str, value: &str) -> Result<SdkConfig, String> {
        read(&[&LAMBDA[..], &[(name, value)]].concat())
    }

    #[test]
    fn what_lambda_sets_is_enough() {
        let config = read(&LAMBDA).expect("all that is needed");
        assert_eq!(config.region().map(AsRef::as_ref), Some("eu-west-1"));
        assert_eq!((config.endpoint_url(), config.use_fips()), (None, None));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_and_no_secret_is_repeated() {
        let error = read(&[("AWS_SECRET_ACCESS_KEY", "hush"), ("AWS_CA_BUNDLE", "/nowhere")]);
        let error = error.expect_err("half of it is missing");
        for name in
            ["AWS_REGION is not set", "AWS_ACCESS_KEY_ID is not set", "AWS_CA_BUNDLE is `/nowhere`"]
        {
            assert!(error.contains(name), "{name} not in: {error}");
        }
        assert!(!error.contains("hush"), "{error}");
        for (name, value) in [
            ("AWS_REGION", "europe"),
            ("AWS_ENDPOINT_URL", "localhost:4566"),
            ("AWS_ENDPOINT_URL_ROUTE_53", "https://"),
            ("AWS_USE_FIPS_ENDPOINT", "yes"),
        ] {
            let vars: Vec<_> = LAMBDA.into_iter().filter(|(key, _)| *key != name).collect();
            let error = read(&[&vars[..], &[(name, value)]].concat()).expect_err(name);
            assert!(error.contains(&format!("{name} is `{value}`")), "{error}");
        }
    }

    #[test]
    fn a_bundle_of_authorities_has_certificates_and_only_sound_ones() {
        assert!(is_sound(format!("a comment\n{AUTHORITY}{AUTHORITY}").as_bytes()));
        for (damage, pem) in [
            ("nothing in it", String::new()),
            ("no PEM", "certificate".to_owned()),
            ("a key", AUTHORITY.replace("CERTIFICATE", "PRIVATE KEY")),
            ("the last one cut off", format!("{AUTHORITY}{}", &AUTHORITY[..200])),
            ("the last one damaged", format!("{AUTHORITY}{}", AUTHORITY.replace("MII", "AII"))),
        ] {
            assert!(!is_sound(pem.as_bytes()), "{damage}");
        }
    }

    #[test]
    fn a_service_may_have_an_endpoint_of_its_own() {
        let config = read_with("AWS_ENDPOINT_URL_ROUTE_53", "http://127.0.0.1:1").expect("right");
        let asked = |service, env| {
            let key = ServiceConfigKey::builder().service_id(service).env(env).profile("x");
            config.service_config()?.load_config(key.build().ok()?)
        };
        let url = Some("http://127.0.0.1:1".to_owned());
        assert_eq!(asked("Route 53", "AWS_ENDPOINT_URL"), url);
        assert_eq!(asked("Route 53", "AWS_SOMETHING"), None);
        assert_eq!(asked("ACM", "AWS_ENDPOINT_URL"), None);
    }

    #[test]
    fn endpoints_of_the_united_states_government_are_a_flag_away() {
        let config = read_with("AWS_USE_FIPS_ENDPOINT", "True").expect("right");
        assert_eq!(config.use_fips(), Some(true));
        let config = read_with("AWS_USE_DUALSTACK_ENDPOINT", "true").expect("right");
        assert_eq!(config.use_dual_stack(), Some(true));
    }
}
