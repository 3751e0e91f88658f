//! Validates ACM certificates by publishing their DNS records in Route 53.
//!
//! ACM issues a DNS-validated certificate once a CNAME that it names is in public DNS. This function
//! hears that a certificate was requested, by anybody and with any tool. It publishes that CNAME in the
//! right hosted zone, and checks the certificate again until ACM has issued it or given up. One
//! invocation is one check.
//!
//! # The layers
//!
//! Arrows run down only: a module imports from its own layer or from those below. `aws` and `dns` stand side
//! by side. A test (`tests/it/architecture.rs`) reads every import and keeps it so.
//!
//! ```text
//! entry   parse ── batch ── handler · page                       an event comes in, a response goes out
//!   │
//!   ▼
//! flows   reconcile · sweep · zone_change · diagnosis · overview what the function does with a request
//!         · audit
//!         places · discovery · public_dns · publish · checks    the steps of these
//!         notify · organization · …
//!   │
//!   ▼
//! aws     acm · route53 · scheduler · eventbridge · cloudwatch   one thin function for each call; the
//!         organizations · clients · environment · role · …       SDK's types become plain values here
//! dns     resolver · questions · network · …                     asks what public DNS says
//!   │
//!   ▼
//! domain  request · certificate · plan · check_times · policy    values and decisions: no I/O, no clock,
//!         zone · record · problem · outcome · settings · …       no SDK; they cannot fail
//! ```
//!
//! Start at [`flows::reconcile::reconcile`]: it is the program on one screen.
//!
//! # The walk of one ARN
//!
//! From an event to the `UPSERT`, file by file.
//!
//! 1. [`entry::handler`]: Lambda delivers the event. [`entry::parse`] turns it into a
//!    [`Request`](domain::request::Request): the ARN, when it was first heard of, and the kind of event.
//!    Nothing else of the event is used.
//! 2. [`flows::reconcile`] takes the request, alone or with the others of a batch, and
//!    * describes the certificate (`flows/describe.rs`, [`aws::acm`]: `DescribeCertificate` and
//!      `ListTagsForCertificate`), which becomes a [`Certificate`](domain::certificate::Certificate);
//!    * decides ([`domain::plan::decide`], pure): which records to publish, and when to check again;
//!    * schedules the next check (`flows/checks.rs`, [`aws::scheduler`]: `CreateSchedule`), *before* any
//!      record is written;
//!    * discovers hosted zones (`flows/discovery.rs`, [`aws::route53`]: `GetHostedZone`,
//!      `ListHostedZonesByName`, `ListTagsForResources`);
//!    * asks public DNS (`flows/public_dns.rs`, [`dns`]) which zone the world sees, if several can hold a
//!      name or an account could not be read; with one zone for each name it asks nothing;
//!    * publishes (`flows/publish.rs`).
//! 3. `flows/publish.rs` assigns a zone to each record ([`domain::zone::choice::assign`], pure), asks whether that
//!    zone takes the certificate's account (`flows/authorize.rs`, with `HOSTED_ZONE_ACCOUNTS_TAG`), reads the
//!    zone ([`aws::route53::read`]: `ListResourceRecordSets`), compares ([`domain::zone::content::presence`],
//!    pure) and writes what is missing:
//! 4. [`aws::route53::write::upsert`]: `ChangeResourceRecordSets`, as few `UPSERT` batches for a zone as Route 53 allows. It takes
//!    [`ValidationRecord`](domain::record::ValidationRecord)s only, and
//!    [`ValidationRecord::parse`](domain::record::ValidationRecord::parse) is the guard
//!    that makes them, when ACM's answer is read in step 2.
//! 5. Back in [`flows::reconcile`]: a record that is there already, and that ACM should have seen by now, is
//!    looked for in public DNS (`flows/unseen.rs`). Plan and records are put together into an
//!    [`Outcome`](domain::outcome::Outcome) ([`domain::conclusion::conclude`], pure), which is published if it
//!    is notable (`flows/notify.rs`, [`aws::eventbridge`]: `PutEvents`), counted (`flows/metrics.rs`), and
//!    is the response.
//!
//! Two flows schedule or call reconciliations: [`flows::sweep`], every hour, schedules the next check of
//! every pending certificate, since events may be lost; [`flows::zone_change`] reconciles the pending
//! certificates under a hosted zone that was created or tagged. Both visit many places at the same time
//! (`flows/visit.rs`), and leave to a sweep after them what they have no time for (`flows/route.rs`). [`flows::diagnosis`] only reads: it answers
//! what prevents a certificate from being issued. [`flows::overview`] diagnoses all that is pending, and
//! [`entry::page`] shows both answers on a dashboard.
//!
//! [`flows::audit`] goes over *all* certificates, whatever their state, and tells which will not be renewed and
//! why, before ACM tries. What a record's name and zone are, it finds out as a diagnosis does, and it puts missing
//! records back as a reconciliation writes them (`flows/audit/repair.rs`). It also compares the records of each
//! hosted zone with what all certificates ask for (`flows/audit/unused.rs`). It goes through names in the order in
//! which Route 53 lists zones (`flows/audit/round.rs`), in groups of a few certificates and zones
//! (`flows/audit/group.rs`), at a pace that leaves most of AWS's limits to checks ([`aws::pace`]).
//!
//! # Invariants
//!
//! * [`domain`] does no I/O, reads no clock, and cannot fail. The time is an argument.
//! * What is done depends only on what AWS says now, never on which event came. There is no store: ACM,
//!   Route 53 and the schedules are the state.
//! * No invocation waits for AWS to make progress. To wait is to schedule a later check.
//! * The next check is scheduled before any record is written. An `Err` of a flow means that none is
//!   scheduled, so Lambda or the queue must deliver the event again and somebody be alarmed. A problem
//!   that occurs later is a record that is blocked or deferred.
//! * Every invocation ends before Lambda ends it. What it has no time for is deferred, or comes again.
//! * Only records that the guard accepts are ever written, by `UPSERT`, and only if they are not there
//!   already. No record is ever deleted.
//! * Every effect may be repeated.
//! * For a certificate of another account, nothing is written before the tag of the chosen zone was read and
//!   lists that account, where `HOSTED_ZONE_ACCOUNTS_TAG` is set ([`domain::zone::accounts`]). The account is that of
//!   the certificate's ARN. What cannot be read allows nobody, and a zone that refuses makes no other the target.
//! * AWS Organizations only says which accounts to visit and which to refuse. While it does not answer, no check
//!   waits for it, and IAM decides.
//! * Public DNS only chooses between zones, and explains. A resolver that is silent, fails or lies about the
//!   question changes nothing, and nothing stays unwritten where only one zone can hold a name.
//!
//! # Glossary
//!
//! The words of AWS, Kubernetes and DNS mean what they mean there. These remain ours:
//!
//! | word | meaning |
//! | --- | --- |
//! | assigned | a record has one hosted zone that it belongs in; otherwise it is unassigned, with a [`Problem`](domain::problem::Problem) |
//! | audit | the answer to `Certificate Audit`: which certificates will not be renewed, and which records nobody within reach asks for |
//! | blocked | a record cannot be written until somebody acts |
//! | check | one reconciliation of one certificate, as users see it; `Certificate Check` is the event that asks for it |
//! | check target | the ARN that scheduled checks are sent to: the function's, or that of the queue the event came through |
//! | check times | the fixed times of the checks of one validation, by its age ([`domain::check_times`]) |
//! | deferred | a record could not be written this time; the next check tries again |
//! | diagnosis | the answer to `Certificate Diagnosis`: what prevents a certificate from being issued or renewed |
//! | discovery | what is known of the hosted zones that may hold some records ([`domain::zone::discovery::Discovery`]) |
//! | finding | something that an audit finds ([`domain::audit::finding`]) |
//! | follow-up | a check that an earlier reconciliation of the same certificate scheduled |
//! | guard | [`domain::record`]: what it refuses is never written |
//! | milestone | an age of a validation at which a block is published again |
//! | notable | worth an event: a record written, an end, a new block or one at a milestone |
//! | obsolete check | a scheduled check that would only publish again that a certificate is issued |
//! | member | an active account of the organization, if `ACCOUNTS=organization` |
//! | place | a region of an account, as a sweep visits them |
//! | overview | the answer to `Certificate Overview`: what is pending, and why; it is kept for a minute |
//! | plan | the decision about one certificate: the records to publish, and when to check again |
//! | reach | the certificates that an audit knows: of all `ACCOUNTS`, in all `REGIONS` |
//! | seen, unseen | whether public DNS asks a hosted zone for a name ([`domain::zone::public_dns`]) |
//! | sweep | the hourly listing of all pending certificates |
//! | unused | no certificate within reach asks for a record, which is no proof that nobody needs it |
//!
//! # Departures from the first design
//!
//! * A check does not wait some seconds for the records of a very new certificate: CloudTrail's own delay
//!   nearly always covers that, and the first scheduled check is at most two minutes away.
//! * A zone that the certificate's tag names must have the tag of `HOSTED_ZONE_TAG` too: the tag of a
//!   certificate is set by whoever requests it, the setting by whoever operates the function.
//! * A record that stands in a zone that does not take its account is present, not blocked: ACM issues and renews
//!   with it, whatever the function says, and nothing has to be written. If it is deleted, it is blocked. So the
//!   tag decides about writing, and takes nothing back.
//! * A renewal is checked every hour until the certificate expires, at times that count back from the
//!   expiry: ACM may move the time in its `RenewalSummary` at each of its attempts. A blocked renewal is
//!   published when it is first found, and then daily.
//! * An error code that is in no list is no block at first. There is no store to count how often it was
//!   met, so it becomes one by age: if a check that follows an earlier one still meets it after five
//!   minutes.
//! * An event of ACM that says that a certificate is issued cancels the check that is scheduled for it,
//!   which would publish the same again. Renewals are published by checks only: most need no help, and
//!   the check of one that did cannot be found again.
//! * A certificate of another account that denies access is no error: no retry helps, and a dead letter
//!   for each of its events would hide the others. It is answered and counted. If an earlier check could
//!   read it, its checks go on.
//! * With `ACCOUNTS=organization`, an event of an account that is in no list that is kept costs one question about
//!   that account, and no list: a new account is served at once, and a cold start in an organization of
//!   thousands makes one call and not hundreds. If AWS Organizations does not answer, the check goes on: an
//!   error would be retried against the same silence until the event is lost, and the account's role admits
//!   the function or does not. IAM holds the organization by `aws:ResourceOrgID`.
//! * A sweep uses an older list of accounts if it gets none; without any, it sweeps the function's own account
//!   and fails, so that it comes again and somebody is alarmed. An account of the organization without the
//!   role is no failure: not every account needs it.
//! * Checks go to the unqualified function, by whatever alias it was invoked, since the schedule role may
//!   invoke no other; and to a queue only if `QUEUE_ARN` names it, since anybody may put one into a payload.
//! * A check is sent to the target its event came through: if that was a queue, the next checks of
//!   thousands of certificates come in batches like the first ones.
//! * A check has a dead-letter queue if one is configured. Scheduler drops a check that it cannot deliver
//!   for a day; the hourly sweep would find the certificate, the queue shows why.
//! * Only Route 53 is called with adaptive retries. They delay a client that calls as rarely as this one
//!   for many seconds after one throttled call. The calls to ACM and Scheduler, on which the next check
//!   depends, cannot afford that.
//! * A sweep describes a pending renewal before it schedules its check: listings do not tell when it began.
//!   A sweep does not find certificates that change from e-mail to DNS validation: no listing tells.
//! * The zone of a name that is a CNAME, as a validation record is once it is written, is that of the name
//!   above it: resolvers answer the SOA question with the zone of the alias's target.
//! * Of nested zones, too, the one that public DNS asks is chosen. Its apex alone decides, so that costs no
//!   call; name servers are compared only between zones of one name, or if an account cannot be read.
//! * `aws-config` is not used: [`aws::environment`] reads region, credentials, endpoints and certificate
//!   authorities from a Lambda function's environment, and `aws::role` assumes roles. `aws-config` was a
//!   tenth of the binary, for profiles and metadata services that no Lambda function has.
//! * A cold start opens its connections to AWS during init ([`aws::preconnect`]), which has a whole
//!   processor; an invocation has a fraction of one.
//! * A reconciliation after a zone change publishes a block as a first check does, unless a check is
//!   scheduled already.
//! * An audit carries nothing but its counts and its worst findings from one invocation to the next, so each lists all
//!   certificates again. A certificate stands at the first of its names, and a zone behind all names under it: so
//!   the certificates of a zone have been described when its records are compared with them.
//! * A record is called unused only if every account and region could be listed, every certificate of its name be
//!   described, and `ACCOUNTS` says which accounts are served at all.
//! * Metrics are written by the flows as the work is done, and not at the end by the handler: what an
//!   invocation did before it was killed is counted.

pub mod aws;
pub mod dns;
pub mod domain;
pub mod entry;
pub mod flows;
