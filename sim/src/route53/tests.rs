use chrono::{DateTime, TimeDelta, Utc};

use super::*;

const OURS: &str = "111111111111";
const THEIRS: &str = "222222222222";
const XMLNS: &str = "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"";

/// One account's client, a second of virtual time a call unless told otherwise.
struct Client {
    route53: Route53,
    account: &'static str,
    now: DateTime<Utc>,
    pause: TimeDelta,
}

impl Client {
    fn new() -> Self {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        Self { route53: Route53::default(), account: OURS, now, pause: TimeDelta::seconds(1) }
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Result<String, Failure> {
        self.now += self.pause;
        let uri = format!("https://route53.amazonaws.com/2013-04-01/{path}");
        let request = http::Request::builder().method(method).uri(uri);
        let request = request.body(body.as_bytes().to_vec()).unwrap();
        let caller = Caller { account: self.account.to_owned(), region: "us-east-1".to_owned() };
        self.route53.respond(operation(&request), &caller, &request, self.now)
    }

    fn get(&mut self, path: &str) -> Result<String, Failure> {
        self.send("GET", path, "")
    }

    fn create(&mut self, name: &str, reference: &str, more: &str) -> Result<String, Failure> {
        let body = format!(
            "<CreateHostedZoneRequest {XMLNS}><Name>{name}</Name>\
             <CallerReference>{reference}</CallerReference>{more}</CreateHostedZoneRequest>"
        );
        self.send("POST", "hostedzone", &body)
    }

    fn change(&mut self, zone: &str, changes: &[String]) -> Result<String, Failure> {
        let changes = changes.concat();
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ChangeResourceRecordSetsRequest {XMLNS}>\
             <ChangeBatch><Comment>test</Comment><Changes>{changes}</Changes></ChangeBatch>\
             </ChangeResourceRecordSetsRequest>"
        );
        self.send("POST", &format!("hostedzone/{zone}/rrset/"), &body)
    }

    #[track_caller]
    fn refused(&mut self, zone: &str, changes: &[String], message: &str) {
        let before: Vec<_> = self.route53.records(zone).cloned().collect();
        let writes = self.route53.writes().len();
        let failure = self.change(zone, changes).unwrap_err();
        assert_eq!((failure.status, failure.code.as_str()), (400, "InvalidChangeBatch"));
        assert_eq!(failure.message, message);
        let after: Vec<_> = self.route53.records(zone).cloned().collect();
        assert_eq!(after, before, "a refused batch changes nothing");
        assert_eq!(self.route53.writes().len(), writes);
    }

    #[track_caller]
    fn invalid(&mut self, zone: &str, changes: &[String], message: &str) {
        let failure = self.change(zone, changes).unwrap_err();
        assert_eq!(failure, Failure::new(400, "InvalidInput", message));
    }
}

fn rrset(name: &str, kind: &str, rest: &str) -> String {
    format!("<ResourceRecordSet><Name>{name}</Name><Type>{kind}</Type>{rest}</ResourceRecordSet>")
}

fn values(values: &[&str]) -> String {
    let records = values.iter();
    let records: String = records
        .map(|value| {
            format!(
                "<ResourceRecord><Value>{}</Value></ResourceRecord>",
                crate::wire::escape(value)
            )
        })
        .collect();
    format!("<ResourceRecords>{records}</ResourceRecords>")
}

fn raw(action: &str, rrset: &str) -> String {
    format!("<Change><Action>{action}</Action>{rrset}</Change>")
}

fn change(action: &str, name: &str, kind: &str, value: &str) -> String {
    raw(action, &rrset(name, kind, &format!("<TTL>300</TTL>{}", values(&[value]))))
}

fn weighted(action: &str, name: &str, id: &str) -> String {
    let rest = format!(
        "<SetIdentifier>{id}</SetIdentifier><Weight>1</Weight><TTL>300</TTL>{}",
        values(&["t.example.net"])
    );
    raw(action, &rrset(name, "CNAME", &rest))
}

/// The texts of all elements of this name.
fn all(xml: &str, name: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).unwrap();
    let found = document.descendants().filter(|node| node.tag_name().name() == name);
    found.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

fn one(xml: &str, name: &str) -> String {
    let found = all(xml, name);
    assert_eq!(found.len(), 1, "{name} in {xml}");
    found.into_iter().next().unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

mod names {
    use super::*;

    #[test]
    fn case_trailing_dot_and_escapes_do_not_matter() {
        for same in
            ["*.Example.com", "*.example.COM.", "\\052.example.com", "\\052.\\145xample.com"]
        {
            assert_eq!(name(same).to_string(), "\\052.example.com.");
        }
        assert_eq!(name("_X1.a-b.example.com").to_string(), "_x1.a-b.example.com.");
        assert_eq!(name("a\\056b.example.com").to_string(), "a\\056b.example.com.");
    }

    #[test]
    fn names_sort_by_reversed_labels_with_the_trailing_dot() {
        let mut names: Vec<_> = [
            "www.example.com",
            "example.net",
            "a.example.com",
            "example.com",
            "www.example-a.com",
            "example-a.com",
            "examplea.com",
        ]
        .map(name)
        .into();
        names.sort();
        let names: Vec<_> = names.iter().map(Name::to_string).collect();
        assert_eq!(
            names,
            [
                "example-a.com.",
                "www.example-a.com.",
                "example.com.",
                "a.example.com.",
                "www.example.com.",
                "examplea.com.",
                "example.net.",
            ]
        );
    }

    #[test]
    fn a_name_is_within_another_by_whole_labels() {
        assert!(name("example.com").is_within(&name("example.com")));
        assert!(name("a.example.com").is_within(&name("example.com")));
        assert!(!name("notexample.com").is_within(&name("example.com")));
        assert!(!name("com").is_within(&name("example.com")));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long_label = "a".repeat(64);
        let long_name = vec!["a".repeat(49); 6].join(".");
        for (text, code) in [
            ("", "DomainLabelEmpty"),
            ("a..example.com", "DomainLabelEmpty"),
            (".example.com", "DomainLabelEmpty"),
            (long_label.as_str(), "DomainLabelTooLong"),
            (long_name.as_str(), "DomainNameTooLong"),
            ("ex\\8.com", "DomainLabelIllegalEscape"),
            ("ex\\777.com", "DomainLabelIllegalEscape"),
            ("exämple.com", "DomainLabelIllegalCharacter"),
        ] {
            let error = text.parse::<Name>().unwrap_err().to_string();
            assert!(error.contains(code), "{text}: {error}");
        }
    }
}

mod zones {
    use super::*;

    #[test]
    fn a_public_zone_is_born_with_name_servers_of_its_own() {
        let mut client = Client::new();
        let created = client.create("Example.COM", "r1", "").unwrap();
        let other = client.create("example.com", "r2", "").unwrap();
        assert_eq!(one(&created, "Name"), "example.com.");
        assert_eq!(one(&created, "ResourceRecordSetCount"), "2");
        assert_eq!(one(&created, "PrivateZone"), "false");
        assert_eq!(one(&created, "Status"), "PENDING");
        let servers = all(&created, "NameServer");
        assert_eq!(servers.len(), 4);
        assert!(all(&other, "NameServer").iter().all(|server| !servers.contains(server)));

        let id = all(&created, "Id")[0].clone();
        assert_eq!(id, "/hostedzone/Z0000000000000000001");
        for path in
            ["hostedzone/Z0000000000000000001", "hostedzone/%2Fhostedzone%2FZ0000000000000000001"]
        {
            let got = client.get(path).unwrap();
            assert_eq!(one(&got, "Id"), id);
            assert_eq!(all(&got, "NameServer"), servers);
        }
        let listed = client.get("hostedzone/Z0000000000000000001/rrset").unwrap();
        assert_eq!(all(&listed, "Type"), ["NS", "SOA"]);
        assert_eq!(all(&listed, "Value")[0], format!("{}.", servers[0]));
        assert_eq!(one(&client.get("hostedzonecount").unwrap(), "HostedZoneCount"), "2");
    }

    #[test]
    fn a_private_zone_shows_its_vpcs_and_no_delegation_set() {
        let mut client = Client::new();
        let vpc = "<VPC><VPCRegion>eu-west-1</VPCRegion><VPCId>vpc-1</VPCId></VPC>";
        let created = client.create("corp", "r1", vpc).unwrap();
        assert_eq!(one(&created, "PrivateZone"), "true");
        let got = client.get("hostedzone/Z0000000000000000001").unwrap();
        assert_eq!(one(&got, "VPCId"), "vpc-1");
        assert!(all(&got, "DelegationSet").is_empty());
        let without = "<HostedZoneConfig><PrivateZone>true</PrivateZone></HostedZoneConfig>";
        assert_eq!(client.create("corp2", "r2", without).unwrap_err().code, "InvalidInput");
    }

    #[test]
    fn a_zone_that_cannot_be_is_not_created() {
        let mut client = Client::new();
        client.create("example.com", "r1", "").unwrap();
        let again = client.create("example.com", "r1", "").unwrap_err();
        assert_eq!((again.status, again.code.as_str()), (409, "HostedZoneAlreadyExists"));
        let tld = client.create("com", "r2", "").unwrap_err();
        assert_eq!(tld, Failure::new(400, "InvalidDomainName", "com is reserved by AWS!"));
        assert_eq!(client.create("a..b", "r3", "").unwrap_err().code, "InvalidDomainName");
        let set = "<DelegationSetId>N1</DelegationSetId>";
        assert_eq!(client.create("b.com", "r4", set).unwrap_err().code, "NoSuchDelegationSet");
        assert_eq!(client.route53.zone_ids(OURS).len(), 1);
    }

    #[test]
    fn a_foreign_unknown_or_malformed_zone_is_refused() {
        let mut client = Client::new();
        let foreign = client.route53.create_zone(THEIRS, "example.com");
        let unknown = "No hosted zone found with ID: Z1UNKNOWN";
        let caller = format!("arn:aws:iam::{OURS}:root");
        let denied = format!("User: {caller} is not authorized to access this resource");
        for (id, refusal) in [
            (foreign.as_str(), Failure::new(403, "AccessDenied", denied)),
            ("Z1UNKNOWN", Failure::new(404, "NoSuchHostedZone", unknown)),
        ] {
            assert_eq!(client.get(&format!("hostedzone/{id}")).unwrap_err(), refusal);
            let failure = client
                .change(id, &[change("UPSERT", "a.example.com", "CNAME", "b.example.com")])
                .unwrap_err();
            assert_eq!(failure, refusal);
            assert_eq!(client.get(&format!("hostedzone/{id}/rrset")).unwrap_err(), refusal);
        }
        let long = "Z".repeat(33);
        for id in [long.as_str(), "Z-1"] {
            let failure = client.get(&format!("hostedzone/{id}")).unwrap_err();
            assert_eq!((failure.status, failure.code.as_str()), (400, "InvalidInput"));
        }
    }

    #[test]
    fn no_call_reaches_a_zone_of_another_provider() {
        let mut client = Client::new();
        let id = client.route53.zone_elsewhere("example.com", &["ns1.other.example"]);
        assert_eq!(client.get(&format!("hostedzone/{id}")).unwrap_err().code, "InvalidInput");
        let upsert = change("UPSERT", "a.example.com", "CNAME", "b.example.com");
        assert_eq!(client.change(&id, &[upsert]).unwrap_err().code, "InvalidInput");
        let tags = client.get(&format!("tags/hostedzone/{id}"));
        assert_eq!(tags.unwrap_err().code, "NoSuchHostedZone");
        for list in ["hostedzone", "hostedzonesbyname"] {
            assert!(all(&client.get(list).unwrap(), "HostedZone").is_empty());
        }
    }

    #[test]
    fn only_an_empty_zone_is_deleted() {
        let mut client = Client::new();
        let id = client.route53.create_zone(OURS, "example.com");
        client.route53.put_record(&id, "a.example.com", "A", 60, &["192.0.2.1"]);
        let path = format!("hostedzone/{id}");
        assert_eq!(client.send("DELETE", &path, "").unwrap_err().code, "HostedZoneNotEmpty");
        client.route53.remove_record(&id, "a.example.com", "A");
        client.send("DELETE", &path, "").unwrap();
        assert_eq!(client.get(&path).unwrap_err().code, "NoSuchHostedZone");
        assert!(all(&client.get("hostedzone").unwrap(), "HostedZone").is_empty());
        assert!(all(&client.get("hostedzonesbyname").unwrap(), "HostedZone").is_empty());
    }

    #[test]
    fn zones_are_listed_a_hundred_at_a_time() {
        let mut client = Client::new();
        for number in 0..250 {
            client.route53.create_zone(OURS, &format!("d{number}.example"));
        }
        client.route53.create_zone(THEIRS, "example.org");
        let (mut ids, mut marker, mut sizes) = (Vec::new(), String::new(), Vec::new());
        loop {
            let page = client.get(&format!("hostedzone?marker={marker}&maxitems=500")).unwrap();
            let found = all(&page, "Id");
            sizes.push(found.len());
            ids.extend(found);
            assert_eq!(one(&page, "MaxItems"), "100");
            assert_eq!(one(&page, "Marker"), marker);
            if one(&page, "IsTruncated") == "false" {
                assert!(all(&page, "NextMarker").is_empty());
                break;
            }
            marker = one(&page, "NextMarker");
        }
        assert_eq!(sizes, [100, 100, 50]);
        ids.dedup();
        assert_eq!(ids.len(), 250);
        assert_eq!(client.get("hostedzone?maxitems=0").unwrap_err().code, "InvalidInput");
        assert_eq!(client.get("hostedzone?maxitems=x").unwrap_err().code, "InvalidInput");
        assert_eq!(client.get("hostedzone?delegationsetid=N1").unwrap_err().status, 400);
    }

    #[test]
    fn private_zones_can_be_listed_alone_but_public_ones_cannot() {
        let mut client = Client::new();
        client.route53.create_zone(OURS, "example.com");
        client.route53.create_private_zone(OURS, "example.com");
        let page = client.get("hostedzone?hostedzonetype=PrivateHostedZone").unwrap();
        assert_eq!(all(&page, "PrivateZone"), ["true"]);
        let failure = client.get("hostedzone?hostedzonetype=PublicHostedZone").unwrap_err();
        assert_eq!(failure.code, "InvalidInput");
    }

    #[test]
    fn listing_by_name_starts_somewhere_and_goes_on_to_the_end() {
        let mut client = Client::new();
        for zone in
            ["example.net", "www.example.com", "example.com", "example-a.com", "example.com"]
        {
            client.route53.create_zone(OURS, zone);
        }
        let page = client.get("hostedzonesbyname").unwrap();
        let sorted =
            ["example-a.com.", "example.com.", "example.com.", "www.example.com.", "example.net."];
        assert_eq!(all(&page, "Name"), sorted);

        let page = client.get("hostedzonesbyname?dnsname=Example.com&maxitems=1").unwrap();
        assert_eq!(all(&page, "Name"), ["example.com."]);
        assert_eq!(one(&page, "DNSName"), "Example.com");
        assert_eq!(one(&page, "NextDNSName"), "example.com.");
        let next = one(&page, "NextHostedZoneId");
        assert_eq!(next, "Z0000000000000000005");
        let path = format!("hostedzonesbyname?dnsname=example.com.&hostedzoneid={next}");
        let page = client.get(&path).unwrap();
        assert_eq!(all(&page, "Name"), ["example.com.", "www.example.com.", "example.net."]);
        assert_eq!(one(&page, "IsTruncated"), "false");
        assert!(all(&page, "NextDNSName").is_empty());

        let failure = client.get("hostedzonesbyname?hostedzoneid=Z1").unwrap_err();
        assert_eq!(failure.code, "InvalidInput");
        let failure = client.get("hostedzonesbyname?dnsname=a..b").unwrap_err();
        assert_eq!(failure.code, "InvalidDomainName");
    }

    #[test]
    fn a_zone_of_another_service_shows_it_and_takes_no_changes() {
        let mut client = Client::new();
        let id = client.route53.create_linked_zone(OURS, "example.com");
        let got = client.get(&format!("hostedzone/{id}")).unwrap();
        assert_eq!(one(&got, "ServicePrincipal"), "servicediscovery.amazonaws.com");
        let failure = client
            .change(&id, &[change("UPSERT", "a.example.com", "CNAME", "b.example.com")])
            .unwrap_err();
        assert_eq!((failure.status, failure.code.as_str()), (403, "AccessDenied"));
        assert_eq!(client.send("DELETE", &format!("hostedzone/{id}"), "").unwrap_err().status, 403);
    }
}

mod tags {
    use super::*;

    fn ids(ids: &[String]) -> String {
        let ids: String = ids.iter().map(|id| format!("<ResourceId>{id}</ResourceId>")).collect();
        format!(
            "<ListTagsForResourcesRequest {XMLNS}><ResourceIds>{ids}</ResourceIds>\
             </ListTagsForResourcesRequest>"
        )
    }

    #[test]
    fn tags_come_and_go() {
        let mut client = Client::new();
        let id = client.route53.create_zone(OURS, "example.com");
        client.route53.tag_zone(&id, "old", "x");
        let body = format!(
            "<ChangeTagsForResourceRequest {XMLNS}><AddTags><Tag><Key>team</Key><Value>a&amp;b</Value>\
             </Tag></AddTags><RemoveTagKeys><Key>old</Key></RemoveTagKeys>\
             </ChangeTagsForResourceRequest>"
        );
        client.send("POST", &format!("tags/hostedzone/{id}"), &body).unwrap();
        let got = client.get(&format!("tags/hostedzone/{id}")).unwrap();
        assert_eq!((one(&got, "Key"), one(&got, "Value")), ("team".to_owned(), "a&b".to_owned()));
        assert_eq!(one(&got, "ResourceId"), id);
        client.route53.untag_zone(&id, "team");
        let got = client.send("POST", "tags/hostedzone", &ids(&[id])).unwrap();
        assert_eq!((all(&got, "ResourceTagSet").len(), all(&got, "Tag").len()), (1, 0));
    }

    #[test]
    fn a_change_of_no_tags_or_reserved_ones_is_refused() {
        let mut client = Client::new();
        let id = client.route53.create_zone(OURS, "example.com");
        for change in
            ["", "<AddTags><Tag><Key>aws:x</Key><Value>y</Value></Tag></AddTags>", "<AddTags/>"]
        {
            let body = format!(
                "<ChangeTagsForResourceRequest {XMLNS}>{change}</ChangeTagsForResourceRequest>"
            );
            let failure = client.send("POST", &format!("tags/hostedzone/{id}"), &body).unwrap_err();
            assert_eq!(failure.code, "InvalidInput");
        }
    }

    #[test]
    fn ten_zones_are_asked_for_at_once_and_not_eleven() {
        let mut client = Client::new();
        let zones: Vec<_> =
            (0..11).map(|n| client.route53.create_zone(OURS, &format!("d{n}.example"))).collect();
        let got = client.send("POST", "tags/hostedzone", &ids(&zones[..10])).unwrap();
        assert_eq!(all(&got, "ResourceId"), zones[..10]);
        let failure = client.send("POST", "tags/hostedzone", &ids(&zones)).unwrap_err();
        assert_eq!(failure.code, "InvalidInput");
        assert!(failure.message.contains("maximum of '10' times"), "{}", failure.message);
        let failure = client.send("POST", "tags/hostedzone", &ids(&[])).unwrap_err();
        assert_eq!(failure.code, "InvalidInput");
    }

    #[test]
    fn ids_with_the_prefix_foreign_ids_and_other_resources_are_refused() {
        let mut client = Client::new();
        let zone = client.route53.create_zone(OURS, "example.com");
        let foreign = client.route53.create_zone(THEIRS, "example.com");
        let prefixed = format!("/hostedzone/{zone}");
        for id in [&prefixed, &foreign] {
            let failure =
                client.send("POST", "tags/hostedzone", &ids(std::slice::from_ref(id))).unwrap_err();
            let message = format!("No hosted zone found with ID: {id}");
            assert_eq!(failure, Failure::new(404, "NoSuchHostedZone", message));
        }
        let path = format!("tags/hostedzone/%2Fhostedzone%2F{zone}");
        assert_eq!(client.get(&path).unwrap_err().code, "NoSuchHostedZone");
        let path = format!("tags/hostedzone//hostedzone/{zone}");
        assert_eq!(client.get(&path).unwrap_err().code, "NoSuchHostedZone");
        let long = "/hostedzone/Z09546752YPG9QI64P1DF".to_owned();
        assert_eq!(
            client.send("POST", "tags/hostedzone", &ids(&[long])).unwrap_err().message,
            "1 validation error detected: Value '/hostedzone/Z09546752YPG9QI64P1DF' at \
             'resourceId' failed to satisfy constraint: Member must have length less than or equal \
             to 32"
        );
        assert_eq!(client.get("tags/healthcheck/abc").unwrap_err().code, "NoSuchHealthCheck");
        assert_eq!(client.get("tags/bucket/abc").unwrap_err().code, "InvalidInput");
    }
}

mod listing_records {
    use super::*;

    #[test]
    fn record_sets_come_in_order_three_hundred_at_a_time() {
        let mut client = Client::new();
        let id = client.route53.create_zone(OURS, "example.com");
        for number in 0..700 {
            let name = format!("h{number}.example.com");
            client.route53.put_record(&id, &name, "A", 60, &["192.0.2.1"]);
        }
        let (mut names, mut start, mut sizes) = (Vec::new(), String::new(), Vec::new());
        loop {
            let path = format!("hostedzone/{id}/rrset?maxitems=1000{start}");
            let page = client.get(&path).unwrap();
            let found = all(&page, "Name");
            sizes.push(found.len());
            names.extend(found.iter().map(|found| name(found)));
            if one(&page, "IsTruncated") == "false" {
                break;
            }
            let (name, kind) = (one(&page, "NextRecordName"), one(&page, "NextRecordType"));
            start = format!("&name={name}&type={kind}");
        }
        assert_eq!(sizes, [300, 300, 102]);
        assert!(names.is_sorted());
    }

    #[test]
    fn a_list_starts_at_a_name_a_type_and_an_identifier() {
        let mut client = Client::new();
        let id = client.route53.create_zone(OURS, "example.com");
        client.route53.put_record(&id, "*.example.com", "A", 60, &["192.0.2.1"]);
        client.route53.put_record(&id, "a.example.com", "A", 60, &["192.0.2.1"]);
        client.route53.put_record(&id, "a.example.com", "TXT", 60, &["\"t\""]);
        let sets = [
            weighted("CREATE", "w.example.com", "one"),
            weighted("CREATE", "w.example.com", "two"),
        ];
        client.change(&id, &sets).unwrap();
        let mut list = |query: &str| {
            let page = client.get(&format!("hostedzone/{id}/rrset?{query}")).unwrap();
            let (names, types) = (all(&page, "Name"), all(&page, "Type"));
            let listed: Vec<_> =
                names.iter().zip(types).map(|(name, kind)| format!("{name} {kind}")).collect();
            (listed, all(&page, "SetIdentifier"), all(&page, "NextRecordIdentifier"))
        };
        assert_eq!(
            list("").0,
            [
                "example.com. NS",
                "example.com. SOA",
                "\\052.example.com. A",
                "a.example.com. A",
                "a.example.com. TXT",
                "w.example.com. CNAME",
                "w.example.com. CNAME",
            ]
        );
        assert_eq!(list("name=%5C052.example.com&maxitems=1").0, ["\\052.example.com. A"]);
        assert_eq!(list("name=A.example.com.&type=NS&maxitems=1").0, ["a.example.com. TXT"]);
        assert_eq!(list("name=b.example.com&maxitems=1").2, ["two"]);
        assert_eq!(list("name=w.example.com&type=CNAME&identifier=two").1, ["two"]);
        assert!(list("name=z.example.com").0.is_empty());
        for query in [
            "type=A",
            "identifier=x",
            "name=a.example.com&identifier=x",
            "name=a..b",
            "name=a.b&type=X",
        ] {
            let failure = client.get(&format!("hostedzone/{id}/rrset?{query}")).unwrap_err();
            assert_eq!(failure.code, "InvalidInput", "{query}");
        }
    }
}

mod changes {
    use super::*;

    fn zone() -> (Client, String) {
        let mut client = Client::new();
        let id = client.route53.register_domain(OURS, "example.com");
        (client, id)
    }

    #[test]
    fn an_upsert_is_written_once_and_then_does_nothing() {
        let (mut client, id) = zone();
        let upsert = [change("UPSERT", "_X.example.com", "CNAME", "_y.acm-validations.aws.")];
        let answer = client.change(&id, &upsert).unwrap();
        assert_eq!(one(&answer, "Comment"), "test");
        let at = client.now;
        client.change(&id, &upsert).unwrap();
        let first = &client.route53.writes()[0];
        let written = Write {
            at,
            account: OURS.to_owned(),
            zone_id: id.clone(),
            action: Action::Upsert,
            name: "_x.example.com.".to_owned(),
            record_type: "CNAME".to_owned(),
            ttl: Some(300),
            values: vec!["_y.acm-validations.aws.".to_owned()],
            changed: true,
        };
        assert_eq!(*first, written);
        let changed: Vec<_> = client.route53.writes().iter().map(|write| write.changed).collect();
        assert_eq!(changed, [true, false]);
        assert!(client.route53.record(&id, "_x.example.com", "CNAME").is_some());
    }

    #[test]
    fn a_change_is_pending_for_a_while() {
        let (mut client, id) = zone();
        let upsert = [change("UPSERT", "_x.example.com", "CNAME", "y.example.net")];
        let answer = client.change(&id, &upsert).unwrap();
        let change = one(&answer, "Id");
        assert!(change.starts_with("/change/C"));
        let path = change.trim_start_matches('/').to_owned();
        assert_eq!(one(&client.get(&path).unwrap(), "Status"), "PENDING");
        client.now += PROPAGATION;
        assert_eq!(one(&client.get(&path).unwrap(), "Status"), "INSYNC");
        client.account = THEIRS;
        assert_eq!(client.get(&path).unwrap_err().code, "NoSuchChange");
    }

    #[test]
    fn a_name_outside_the_zone_is_refused_by_whole_labels() {
        let (mut client, id) = zone();
        client.refused(
            &id,
            &[change("UPSERT", "_x.notexample.com", "CNAME", "y.example.net")],
            "[RRSet with DNS name _x.notexample.com. is not permitted in zone example.com.]",
        );
    }

    #[test]
    fn one_record_set_twice_in_a_batch_is_refused_however_it_is_spelled() {
        let (mut client, id) = zone();
        for again in ["_X.Example.com", "_x.example.com.", "\\137x.example.com"] {
            client.refused(
                &id,
                &[
                    change("UPSERT", "_x.example.com", "CNAME", "y.example.net"),
                    change("UPSERT", again, "CNAME", "y.example.net"),
                ],
                "[The request contains an invalid set of changes for a resource record set 'CNAME \
                 _x.example.com.']",
            );
        }
    }

    #[test]
    fn deleting_and_creating_anew_in_one_batch_is_fine_in_that_order() {
        let (mut client, id) = zone();
        client.route53.put_record(&id, "a.example.com", "CNAME", 300, &["old.example.net"]);
        let delete = change("DELETE", "a.example.com", "CNAME", "old.example.net");
        let create = change("CREATE", "a.example.com", "CNAME", "new.example.net");
        client.change(&id, &[delete.clone(), create.clone()]).unwrap();
        assert_eq!(client.route53.lookup_cname("a.example.com").unwrap(), "new.example.net");
        let failure = client.change(&id, &[create, delete]).unwrap_err();
        assert!(failure.message.contains("invalid set of changes"));
    }

    #[test]
    fn what_exists_is_not_created_and_what_does_not_is_not_deleted() {
        let (mut client, id) = zone();
        client.route53.put_record(&id, "a.example.com", "CNAME", 300, &["b.example.net"]);
        client.refused(
            &id,
            &[change("CREATE", "a.example.com", "CNAME", "b.example.net")],
            "[Tried to create resource record set [name='a.example.com.', type='CNAME'] but it \
             already exists]",
        );
        client.refused(
            &id,
            &[change("DELETE", "c.example.com", "CNAME", "b.example.net")],
            "[Tried to delete resource record set [name='c.example.com.', type='CNAME'] but it \
             was not found]",
        );
        client.refused(
            &id,
            &[change("DELETE", "a.example.com", "CNAME", "other.example.net")],
            "[Tried to delete resource record set [name='a.example.com.', type='CNAME'] but the \
             values provided do not match the current values]",
        );
        client.change(&id, &[change("DELETE", "a.example.com", "CNAME", "b.example.net")]).unwrap();
        assert!(client.route53.record(&id, "a.example.com", "CNAME").is_none());
    }

    #[test]
    fn a_cname_stands_alone() {
        let (mut client, id) = zone();
        client.route53.put_record(&id, "a.example.com", "A", 60, &["192.0.2.1"]);
        client.route53.put_record(&id, "c.example.com", "CNAME", 60, &["x.example.net"]);
        client.refused(
            &id,
            &[change("UPSERT", "a.example.com", "CNAME", "b.example.net")],
            "[RRSet of type CNAME with DNS name a.example.com. is not permitted as it conflicts \
             with other records with the same DNS name in zone example.com.]",
        );
        client.refused(
            &id,
            &[change("UPSERT", "c.example.com", "TXT", "\"t\"")],
            "[RRSet of type TXT with DNS name c.example.com. is not permitted because a \
             conflicting RRSet of type CNAME with the same DNS name already exists in zone \
             example.com.]",
        );
        client.refused(
            &id,
            &[
                change("CREATE", "n.example.com", "CNAME", "b.example.net"),
                change("CREATE", "n.example.com", "A", "192.0.2.1"),
            ],
            "[RRSet of type A with DNS name n.example.com. is not permitted because a conflicting \
             RRSet of type CNAME with the same DNS name already exists in zone example.com.]",
        );
        client.refused(
            &id,
            &[change("UPSERT", "example.com", "CNAME", "b.example.net")],
            "[RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone \
             example.com.]",
        );
    }

    #[test]
    fn a_cname_takes_the_place_of_what_the_batch_deletes_before_it() {
        let (mut client, id) = zone();
        client.route53.put_record(&id, "a.example.com", "A", 300, &["192.0.2.1"]);
        let delete = change("DELETE", "a.example.com", "A", "192.0.2.1");
        let create = change("CREATE", "a.example.com", "CNAME", "b.example.net");
        assert!(client.change(&id, &[create.clone(), delete.clone()]).is_err());
        client.change(&id, &[delete, create]).unwrap();
    }

    #[test]
    fn simple_and_routed_record_sets_do_not_mix() {
        let (mut client, id) = zone();
        let sets =
            [weighted("CREATE", "w.example.com", "1"), weighted("CREATE", "w.example.com", "2")];
        client.change(&id, &sets).unwrap();
        client.refused(
            &id,
            &[change("UPSERT", "w.example.com", "CNAME", "b.example.net")],
            "[RRSet with DNS name w.example.com., type CNAME cannot be created as other RRSets \
             exist with the same name and type]",
        );
        client.refused(
            &id,
            &[weighted("CREATE", "w.example.com", "1")],
            "[Tried to create resource record set [name='w.example.com.', type='CNAME', \
             set-identifier='1'] but it already exists]",
        );
        client.route53.put_record(&id, "s.example.com", "CNAME", 60, &["b.example.net"]);
        client.refused(
            &id,
            &[weighted("UPSERT", "s.example.com", "1")],
            "[RRSet with DNS name s.example.com., type CNAME, SetIdentifier 1 cannot be created \
             because a non-weighted RRSet with the same name and type already exists]",
        );
    }

    #[test]
    fn the_apex_keeps_its_ns_and_soa() {
        let (mut client, id) = zone();
        for (kind, message) in [
            ("NS", "[A HostedZone must contain at least one NS record for the zone itself.]"),
            ("SOA", "[A HostedZone must contain exactly one SOA record.]"),
        ] {
            let set = client.route53.record(&id, "example.com", kind).unwrap();
            let delete = raw("DELETE", &set.to_xml());
            client.refused(&id, &[delete], message);
        }
        client.refused(
            &id,
            &[change("CREATE", "a.example.com", "SOA", "a. b. 1 2 3 4 5")],
            "[A HostedZone must contain exactly one SOA record.]",
        );
        client.change(&id, &[change("UPSERT", "example.com", "NS", "ns.example.net.")]).unwrap();
    }

    #[test]
    fn every_problem_of_a_batch_is_told_at_once_and_nothing_is_done() {
        let (mut client, id) = zone();
        client.refused(
            &id,
            &[
                change("UPSERT", "good.example.com", "CNAME", "b.example.net"),
                change("UPSERT", "a.example.org", "CNAME", "b.example.net"),
                change("DELETE", "none.example.com", "CNAME", "b.example.net"),
                change("UPSERT", "bad.example.com", "A", "b.example.net"),
            ],
            "[RRSet with DNS name a.example.org. is not permitted in zone example.com., Tried to \
             delete resource record set [name='none.example.com.', type='CNAME'] but it was not \
             found, Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is \
             not a valid IPv4 address) encountered with 'b.example.net'']",
        );
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        let (mut client, id) = zone();
        for (kind, value, code) in [
            ("AAAA", "192.0.2.1", "AAAARRDATAIllegalIPv6Address"),
            ("TXT", "bare", "InvalidCharacterString"),
            ("CNAME", "a..b", "DomainLabelEmpty"),
        ] {
            let failure = client.change(&id, &[change("UPSERT", "a.example.com", kind, value)]);
            let message = failure.unwrap_err().message;
            assert!(message.starts_with("[Invalid Resource Record: 'FATAL problem: "), "{message}");
            assert!(message.contains(code), "{message}");
        }
        let two = |set: &[&str]| {
            raw("UPSERT", &rrset("b.example.com", "CNAME", &format!("<TTL>1</TTL>{}", values(set))))
        };
        client.refused(
            &id,
            &[two(&["a.example.net", "b.example.net"])],
            "[RRSet of type CNAME with DNS name b.example.com. must contain exactly one resource \
             record]",
        );
        let twice = format!("<TTL>1</TTL>{}", values(&["192.0.2.1", "192.0.2.1"]));
        client.refused(
            &id,
            &[raw("UPSERT", &rrset("b.example.com", "A", &twice))],
            "[Duplicate Resource Record: '192.0.2.1']",
        );
        client.refused(
            &id,
            &[change("UPSERT", "a..example.com", "A", "192.0.2.1")],
            "[FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with \
             'a..example.com']",
        );
    }

    #[test]
    fn a_request_of_the_wrong_shape_is_refused() {
        let (mut client, id) = zone();
        let of = |kind: &str, rest: &str| [raw("UPSERT", &rrset("a.example.com", kind, rest))];
        let value = values(&["b.example.net"]);
        let in_change =
            "in Change with [Action=UPSERT, Name=a.example.com, Type=CNAME, SetIdentifier=null]";
        let none = format!(
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and \
             ResourceRecords], or TrafficPolicyInstanceId], but found none {in_change}"
        );
        client.invalid(&id, &of("CNAME", &value), &none);
        client.invalid(&id, &of("CNAME", "<TTL>300</TTL>"), &none);
        client.invalid(
            &id,
            &of("CNAME", &format!("<Weight>1</Weight><TTL>300</TTL>{value}")),
            &format!("Invalid request: Missing field 'SetIdentifier' {in_change}"),
        );
        for rest in ["<TTL>-1</TTL>", "<TTL>2147483648</TTL>", "<TTL>soon</TTL>"] {
            let failure = client.change(&id, &of("CNAME", &format!("{rest}{value}"))).unwrap_err();
            assert_eq!(failure.code, "InvalidInput", "{rest}");
        }
        let health = format!("<TTL>1</TTL>{value}<HealthCheckId>abc</HealthCheckId>");
        assert_eq!(client.change(&id, &of("CNAME", &health)).unwrap_err().status, 404);
        let plain = format!("<TTL>300</TTL>{value}");
        let failure = client.change(&id, &of("BOGUS", &plain)).unwrap_err();
        assert!(failure.message.starts_with("Invalid XML ; "), "{}", failure.message);
        assert_eq!(client.change(&id, &[]).unwrap_err().code, "InvalidInput");
        let bogus = [change("REPLACE", "a.example.com", "CNAME", "b")];
        assert_eq!(client.change(&id, &bogus).unwrap_err().code, "InvalidInput");
        let path = format!("hostedzone/{id}/rrset");
        assert_eq!(client.send("POST", &path, "<oops").unwrap_err().code, "MalformedInput");
        assert_eq!(
            client.send("POST", &path, "<ChangeBatch/>").unwrap_err().message,
            "ChangeBatch is not valid, expected ChangeResourceRecordSetsRequest"
        );
        let bare = "<ChangeResourceRecordSetsRequest/>";
        assert_eq!(client.send("POST", &path, bare).unwrap_err().code, "InvalidInput");
        assert!(client.route53.writes().is_empty());
    }

    #[test]
    fn a_comment_has_at_most_256_characters() {
        let (mut client, id) = zone();
        let body = |length: usize| {
            let (comment, change) =
                ("c".repeat(length), change("UPSERT", "a.example.com", "CNAME", "b.example.net"));
            format!(
                "<ChangeResourceRecordSetsRequest {XMLNS}><ChangeBatch><Comment>{comment}</Comment>\
                 <Changes>{change}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
            )
        };
        let path = format!("hostedzone/{id}/rrset/");
        client.send("POST", &path, &body(256)).unwrap();
        assert_eq!(client.send("POST", &path, &body(257)).unwrap_err().code, "InvalidInput");
    }

    #[test]
    fn a_batch_holds_a_thousand_records_and_upserts_count_twice() {
        let (mut client, id) = zone();
        let batch = |action: &str, from: usize, count: usize| -> Vec<String> {
            (from..from + count)
                .map(|n| change(action, &format!("h{n}.example.com"), "A", "192.0.2.1"))
                .collect()
        };
        client.change(&id, &batch("CREATE", 0, 1000)).unwrap();
        client.now += TimeDelta::minutes(1);
        client.refused(
            &id,
            &batch("CREATE", 2000, 1001),
            "[Number of records limit of 1000 exceeded.]",
        );
        client.now += TimeDelta::minutes(1);
        client.change(&id, &batch("UPSERT", 0, 500)).unwrap();
        client.now += TimeDelta::minutes(1);
        client.refused(
            &id,
            &batch("UPSERT", 0, 501),
            "[Number of records limit of 1000 exceeded.]",
        );
    }

    #[test]
    fn a_batch_holds_32000_characters_and_upserts_count_twice() {
        let (mut client, id) = zone();
        let batch = |action: &str, count: usize| -> Vec<String> {
            let value = format!("\"{}\"", "t".repeat(198));
            (0..count)
                .map(|n| change(action, &format!("t{n}.example.com"), "TXT", &value))
                .collect()
        };
        client.change(&id, &batch("UPSERT", 80)).unwrap();
        client.refused(&id, &batch("UPSERT", 81), "[RDATA character limit of 32000 exceeded.]");
        client.refused(&id, &batch("CREATE", 161), "[RDATA character limit of 32000 exceeded.]");
    }

    #[test]
    fn a_private_zone_is_written_like_any_other() {
        let mut client = Client::new();
        let id = client.route53.create_private_zone(OURS, "example.com");
        client.change(&id, &[change("UPSERT", "a.example.com", "CNAME", "b.example.net")]).unwrap();
        assert_eq!(client.route53.lookup_cname("a.example.com"), None);
    }

    #[test]
    fn an_alias_is_kept_and_shown() {
        let (mut client, id) = zone();
        let target = "<AliasTarget><HostedZoneId>Z2FDTNDATAQYW2</HostedZoneId>\
                      <DNSName>d1.cloudfront.net.</DNSName>\
                      <EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>";
        client.change(&id, &[raw("CREATE", &rrset("example.com", "A", target))]).unwrap();
        let page = client.get(&format!("hostedzone/{id}/rrset?maxitems=1")).unwrap();
        assert_eq!(one(&page, "DNSName"), "d1.cloudfront.net.");
        assert!(all(&page, "TTL").is_empty());
    }
}

mod throttling {
    use super::*;

    fn throttled() -> Failure {
        Failure::new(400, "Throttling", "Rate exceeded")
    }

    #[test]
    fn an_account_makes_fifty_calls_at_once_and_ten_a_second() {
        let mut client = Client::new();
        client.pause = TimeDelta::zero();
        for _ in 0..25 {
            client.get("hostedzone").unwrap();
            client.get("hostedzonecount").unwrap();
        }
        assert_eq!(client.get("hostedzone").unwrap_err(), throttled());
        assert_eq!(client.get("hostedzonesbyname").unwrap_err(), throttled());
        client.now += TimeDelta::milliseconds(100);
        client.get("hostedzone").unwrap();
        assert_eq!(client.get("hostedzone").unwrap_err(), throttled());
        client.account = THEIRS;
        client.get("hostedzone").unwrap();
    }

    #[test]
    fn an_account_changes_fifteen_hundred_records_at_once_and_upserts_cost_two() {
        let mut client = Client::new();
        let id = client.route53.create_zone(OURS, "example.com");
        client.pause = TimeDelta::zero();
        let batch = |action: &str, from: usize, count: usize| -> Vec<String> {
            (from..from + count)
                .map(|n| change(action, &format!("h{n}.example.com"), "A", "192.0.2.1"))
                .collect()
        };
        client.change(&id, &batch("UPSERT", 0, 500)).unwrap();
        client.change(&id, &batch("CREATE", 500, 500)).unwrap();
        assert_eq!(client.change(&id, &batch("CREATE", 1000, 1)).unwrap_err(), throttled());
        client.now += TimeDelta::milliseconds(20);
        assert_eq!(client.change(&id, &batch("UPSERT", 1000, 2)).unwrap_err(), throttled());
        client.change(&id, &batch("UPSERT", 1000, 1)).unwrap();
        assert_eq!(client.route53.writes().len(), 1001);
    }
}

mod public_dns {
    use super::*;

    fn put(route53: &mut Route53, zone: &str, name: &str, target: &str) {
        route53.put_record(zone, name, "CNAME", 300, &[target]);
    }

    #[test]
    fn only_the_zone_the_registrar_points_to_is_seen() {
        let mut route53 = Route53::default();
        let decoy = route53.create_zone(OURS, "example.com");
        let real = route53.create_zone(THEIRS, "example.com");
        put(&mut route53, &decoy, "a.example.com", "decoy.example.net");
        put(&mut route53, &real, "a.example.com", "real.example.net");
        assert_eq!(route53.lookup_cname("a.example.com"), None, "not registered yet");
        route53.register("example.com", &real);
        assert_eq!(route53.lookup_cname("A.example.com.").unwrap(), "real.example.net");
        route53.register("example.com", &decoy);
        assert_eq!(route53.lookup_cname("a.example.com").unwrap(), "decoy.example.net");
        route53.delete_zone(&decoy);
        assert_eq!(route53.lookup_cname("a.example.com"), None, "a lame delegation");
        route53.create_zone(OURS, "example.com");
        assert_eq!(route53.lookup_cname("a.example.com"), None, "new zone, new name servers");
    }

    #[test]
    fn a_zone_cut_hides_what_the_parent_holds_below_it() {
        let mut route53 = Route53::default();
        let parent = route53.register_domain(OURS, "example.com");
        put(&mut route53, &parent, "_x.a.dev.example.com", "parent.example.net");
        assert_eq!(route53.lookup_cname("_x.a.dev.example.com").unwrap(), "parent.example.net");
        let child = route53.create_zone(THEIRS, "dev.example.com");
        assert!(route53.lookup_cname("_x.a.dev.example.com").is_some(), "not delegated yet");
        route53.delegate(&child);
        assert_eq!(route53.lookup_cname("_x.a.dev.example.com"), None);
        put(&mut route53, &child, "_x.a.dev.example.com", "child.example.net");
        assert_eq!(route53.lookup_cname("_x.a.dev.example.com").unwrap(), "child.example.net");
        let grandchild = route53.create_zone(OURS, "a.dev.example.com");
        route53.delegate(&grandchild);
        assert!(route53.record(&child, "a.dev.example.com", "NS").is_some());
        assert_eq!(route53.lookup_cname("_x.a.dev.example.com"), None);
    }

    #[test]
    fn a_delegation_elsewhere_leads_nowhere() {
        let mut route53 = Route53::default();
        let parent = route53.register_domain(OURS, "example.com");
        put(&mut route53, &parent, "_x.dev.example.com", "parent.example.net");
        let private = route53.create_private_zone(OURS, "dev.example.com");
        put(&mut route53, &private, "_x.dev.example.com", "private.example.net");
        route53.put_record(&parent, "dev.example.com", "NS", 300, &["ns1.elsewhere.example."]);
        assert_eq!(route53.lookup_cname("_x.dev.example.com"), None);
        let servers: Vec<_> = route53.name_servers(&private);
        let servers: Vec<_> = servers.iter().map(String::as_str).collect();
        route53.put_record(&parent, "dev.example.com", "NS", 300, &servers);
        assert_eq!(route53.lookup_cname("_x.dev.example.com"), None, "private zones never");
    }

    #[test]
    fn the_longest_registered_domain_decides() {
        let mut route53 = Route53::default();
        let short = route53.register_domain(OURS, "example.com");
        put(&mut route53, &short, "_x.shop.example.com", "short.example.net");
        let long = route53.register_domain(OURS, "shop.example.com");
        assert_eq!(route53.lookup_cname("_x.shop.example.com"), None);
        put(&mut route53, &long, "_x.shop.example.com", "long.example.net");
        assert_eq!(route53.lookup_cname("_x.shop.example.com").unwrap(), "long.example.net");
    }

    #[test]
    fn a_wildcard_answers_only_where_nothing_closer_exists() {
        let mut route53 = Route53::default();
        let zone = route53.register_domain(OURS, "example.com");
        put(&mut route53, &zone, "*.example.com", "wild.example.net");
        assert_eq!(route53.lookup_cname("a.b.example.com").unwrap(), "wild.example.net");
        route53.put_record(&zone, "deep.b.example.com", "A", 60, &["192.0.2.1"]);
        assert_eq!(route53.lookup_cname("a.b.example.com"), None, "b exists by what is under it");
        assert_eq!(route53.lookup_cname("b.example.com"), None);
        assert_eq!(route53.lookup_cname("deep.b.example.com"), None);
        assert_eq!(route53.lookup_cname("c.example.com").unwrap(), "wild.example.net");
    }

    #[test]
    fn a_validation_resolves_through_up_to_five_cnames() {
        let mut route53 = Route53::default();
        let zone = route53.register_domain(OURS, "example.com");
        let expected = "_y.acm-validations.aws.";
        put(&mut route53, &zone, "h5.example.com", "_Y.acm-validations.AWS");
        for hop in 0..5 {
            let (from, to) = (format!("h{hop}.example.com"), format!("h{}.example.com", hop + 1));
            put(&mut route53, &zone, &from, &to);
        }
        assert!(route53.resolve_validation("h5.example.com", expected));
        assert!(route53.resolve_validation("h1.example.com", expected));
        assert!(!route53.resolve_validation("h0.example.com", expected));
        assert!(!route53.resolve_validation("h5.example.com", "_z.acm-validations.aws."));
        put(&mut route53, &zone, "loop.example.com", "loop.example.com");
        assert!(!route53.resolve_validation("loop.example.com", expected));
    }

    #[test]
    fn the_closest_caa_governs() {
        let mut route53 = Route53::default();
        let zone = route53.register_domain(OURS, "example.com");
        assert!(route53.caa("www.example.com").is_empty());
        route53.put_record(&zone, "example.com", "CAA", 60, &["0 issue \"amazon.com\""]);
        assert_eq!(route53.caa("*.a.www.example.com"), ["0 issue \"amazon.com\""]);
        route53.put_record(&zone, "www.example.com", "CAA", 60, &["0 issue \";\""]);
        assert_eq!(route53.caa("a.www.example.com"), ["0 issue \";\""]);
        let child = route53.create_zone(OURS, "dev.example.com");
        route53.delegate(&child);
        assert_eq!(route53.caa("dev.example.com"), ["0 issue \"amazon.com\""]);
        route53.put_record(&child, "dev.example.com", "CAA", 60, &["0 issue \"other.example\""]);
        assert_eq!(route53.caa("a.dev.example.com"), ["0 issue \"other.example\""]);
        put(&mut route53, &zone, "alias.example.com", "www.example.com");
        assert_eq!(route53.caa("alias.example.com"), ["0 issue \";\""]);
    }
}

#[test]
fn every_operation_is_told_by_method_and_path() {
    for (method, path, expected) in [
        ("POST", "hostedzone", "CreateHostedZone"),
        ("GET", "hostedzone?maxitems=1", "ListHostedZones"),
        ("GET", "hostedzonesbyname", "ListHostedZonesByName"),
        ("GET", "hostedzonecount", "GetHostedZoneCount"),
        ("GET", "hostedzone/Z1", "GetHostedZone"),
        ("DELETE", "hostedzone/Z1", "DeleteHostedZone"),
        ("GET", "hostedzone/Z1/rrset", "ListResourceRecordSets"),
        ("POST", "hostedzone/Z1/rrset/", "ChangeResourceRecordSets"),
        ("POST", "hostedzone//hostedzone/Z1/rrset", "ChangeResourceRecordSets"),
        ("GET", "change/C1", "GetChange"),
        ("GET", "tags/hostedzone/Z1", "ListTagsForResource"),
        ("POST", "tags/hostedzone/Z1", "ChangeTagsForResource"),
        ("POST", "tags/hostedzone", "ListTagsForResources"),
        ("PUT", "hostedzone", "unknown"),
        ("GET", "nothing", "unknown"),
    ] {
        let uri = format!("https://route53.amazonaws.com/2013-04-01/{path}");
        let request = http::Request::builder().method(method).uri(uri);
        assert_eq!(operation(&request.body(Vec::new()).unwrap()), expected, "{method} {path}");
    }
    let mut client = Client::new();
    assert_eq!(client.get("nothing").unwrap_err().status, 404);
}
