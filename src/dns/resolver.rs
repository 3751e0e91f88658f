//! Asks recursive resolvers what public DNS says.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::timeout;

use super::answer::{Data, Kind, Question, Response};
use super::authority;
use super::caa;
use super::message;
use super::questions::Questions;
use super::transport::{Protocol, Transport};
use super::unknown::{Known, Unknown};
use crate::domain::name::DomainName;
use crate::domain::resolvers::DNS_PORT;
use crate::domain::text::report;
use crate::domain::zone::caa_record::CaaSet;
use crate::domain::zone::public_dns::Authority;

/// How long one resolver has for one answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a question is asked at least. With more resolvers, each is asked once.
const TRIES: usize = 2;

/// How many names are asked for, from a name upwards, to find one that is no alias. A wildcard makes
/// every name under it an alias.
const STEPS: usize = 8;

/// Asks recursive resolvers.
///
/// A question that is not answered is asked again: of the next resolver, or of the only one. Each has a
/// second to answer, and another one if the answer needs TCP. Without any resolver, nothing is known.
#[derive(Clone, Debug)]
pub struct Resolver {
    servers: Vec<SocketAddr>,
    transport: Arc<dyn Transport>,
}

impl Resolver {
    /// Asks these resolvers, in this order.
    pub fn new(servers: Vec<SocketAddr>, transport: Arc<dyn Transport>) -> Self {
        Self { servers, transport }
    }

    /// The zone that the world sees for a name, and its name servers.
    ///
    /// The SOA question for a name leads to the zone it is in
    /// ([RFC 2308, section 3](https://www.rfc-editor.org/rfc/rfc2308#section-3)): the zone's SOA record comes
    /// as the answer, or, if the name is not the apex, in the authority section. For an alias, though, the
    /// zone is that of its target. An alias is never an apex, which has an SOA record and so has no CNAME
    /// record ([RFC 1034, section 3.6.2]). So the zone of an alias is that of the name above it, which is
    /// asked for instead.
    ///
    /// # Errors
    ///
    /// [`Unknown`] if nothing is known.
    ///
    /// [RFC 1034, section 3.6.2]: https://www.rfc-editor.org/rfc/rfc1034#section-3.6.2
    pub async fn authority(&self, name: &DomainName, questions: &Questions) -> Known<Authority> {
        for above in name.lineage().take(STEPS) {
            let response = self.ask(&above, Kind::Soa, questions).await?;
            if let Some(apex) = authority::apex(&above, &response)? {
                let response = self.ask(&apex, Kind::Ns, questions).await?;
                let name_servers = authority::name_servers(&apex, &response)?;
                return Ok(Authority { apex, name_servers });
            }
        }
        Err(Unknown::new(format!(
            "{name} is an alias, and so is every name above it that was asked for"
        )))
    }

    /// The IPv4 and IPv6 addresses of a name, through aliases. Empty if it has none.
    ///
    /// # Errors
    ///
    /// [`Unknown`] if nothing is known, even of one of the two kinds.
    pub async fn addresses(&self, name: &DomainName, questions: &Questions) -> Known<Vec<IpAddr>> {
        let (v4, v6) = tokio::try_join!(
            self.ask(name, Kind::A, questions),
            self.ask(name, Kind::Aaaa, questions)
        )?;
        let address = |data: &Data| match data {
            Data::Address(address) => Some(*address),
            _ => None,
        };
        Ok(v4.data.iter().chain(&v6.data).filter_map(address).collect())
    }

    /// The target of the CNAME record at a name. `None` if it has no such record.
    ///
    /// # Errors
    ///
    /// [`Unknown`] if nothing is known.
    pub async fn cname(
        &self,
        name: &DomainName,
        questions: &Questions,
    ) -> Known<Option<DomainName>> {
        Ok(self.ask(name, Kind::Cname, questions).await?.alias.clone())
    }

    /// The CAA records at exactly this name, through aliases.
    ///
    /// # Errors
    ///
    /// [`Unknown`] if nothing is known.
    pub async fn caa(&self, name: &DomainName, questions: &Questions) -> Known<CaaSet> {
        Ok(caa::set(name, &*self.ask(name, Kind::Caa, questions).await?))
    }

    /// The CAA records that govern a name: those of the first name from it up to its top-level domain that
    /// has any. `None` if none has: then every authority may issue. For a wildcard, those of the name
    /// under the `*`.
    ///
    /// Source: [RFC 8659, section 3](https://www.rfc-editor.org/rfc/rfc8659#section-3).
    ///
    /// # Errors
    ///
    /// [`Unknown`] if nothing is known of one of the names that were asked for.
    pub async fn governing_caa(
        &self,
        name: &DomainName,
        questions: &Questions,
    ) -> Known<Option<CaaSet>> {
        for name in name.without_wildcard().lineage() {
            let set = self.caa(&name, questions).await?;
            if !set.records.is_empty() {
                return Ok(Some(set));
            }
        }
        Ok(None)
    }

    async fn ask(
        &self,
        name: &DomainName,
        kind: Kind,
        questions: &Questions,
    ) -> Known<Arc<Response>> {
        let question = Question { name: name.clone(), kind };
        questions.once(question.clone(), self.try_servers(&question, questions)).await
    }

    /// Asks one resolver after the other, until one answers.
    async fn try_servers(&self, question: &Question, questions: &Questions) -> Known<Response> {
        let mut failures = Vec::new();
        let servers = self.servers.iter().enumerate().cycle().skip(questions.preferred());
        for (index, server) in servers.take(self.servers.len().max(TRIES)) {
            match self.try_server(*server, question, questions).await {
                Ok(response) => {
                    questions.prefer(index);
                    return Ok(response);
                }
                Err(failure) => failures.push(failure),
            }
        }
        if self.servers.is_empty() {
            failures.push(Unknown::new("there is no resolver to ask"));
        }
        Err(Unknown::all(failures))
    }

    /// Asks one resolver: over UDP, and over TCP if the answer does not fit a datagram.
    async fn try_server(
        &self,
        server: SocketAddr,
        question: &Question,
        questions: &Questions,
    ) -> Known<Response> {
        let id = random_id()?;
        let query = message::query(question, id)
            .ok_or_else(|| Unknown::new(format!("{} cannot be asked for", question.name)))?;
        let accept = |message: &[u8]| message::answers(question, id, message);
        let exchange = async |protocol| {
            questions.count()?;
            let exchange = self.transport.exchange(server, protocol, &query, &accept);
            match timeout(PATIENCE, exchange).await {
                Ok(Ok(message)) => Ok(message),
                Ok(Err(error)) => {
                    Err(Unknown::new(format!("{}: {}", show(server), report(&error))))
                }
                Err(_) => Err(Unknown::new(format!("{} did not answer", show(server)))),
            }
        };
        let mut message = exchange(Protocol::Udp).await?;
        if message::is_truncated(&message) {
            message = exchange(Protocol::Tcp).await?;
        }
        let response = message::read(question, &message);
        response.map_err(|useless| Unknown::new(format!("{useless} from {}", show(server))))
    }
}

/// An id that nobody can guess who does not see the query.
fn random_id() -> Known<u16> {
    let mut id = [0; 2];
    let random = SystemRandom::new().fill(&mut id);
    random.map_err(|_| Unknown::new("the system has no random numbers"))?;
    Ok(u16::from_be_bytes(id))
}

/// A resolver's address, with its port if that is an unusual one.
fn show(server: SocketAddr) -> String {
    match server.port() {
        DNS_PORT => server.ip().to_string(),
        _ => server.to_string(),
    }
}
