//! The story, scene by scene, and what is expected of each.

use std::error::Error;
use std::process::ExitCode;

use chrono::TimeDelta;
use serde_json::json;

use crate::account::Account;
use crate::output::{Output, print};
use crate::setup::{OTHER_NAME_SERVERS, PRIVATE_ZONE, UNDELEGATED_ZONE, UNTAGGED_ZONE};
use crate::table::{HEADINGS, Row};
use crate::timeline::{as_json, timeline};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The story, and what was printed of it so far.
pub(crate) struct Story {
    account: Account,
    output: Output,
    /// How many invocations are printed.
    printed: usize,
    /// What is expected, and whether it is so.
    expected: Vec<(&'static str, bool)>,
}

impl Story {
    /// A story in this account.
    pub(crate) fn new(account: Account, output: Output) -> Self {
        Self { account, output, printed: 0, expected: Vec::new() }
    }

    /// Plays all scenes, and prints the table. The result says whether everything is as expected.
    pub(crate) async fn play(mut self) -> Result<ExitCode> {
        self.say("The account has the hosted zones example.com (also a private one), example.org,");
        self.say("partner.example.net (without the tag validate=yes, so the function may not use");
        self.say(
            "it), and lost.example.info (its registrar names another provider's name servers).",
        );
        self.say("");
        let several = self.several_names().await?;
        let late = self.late_record().await?;
        let blocked = self.untagged_zone().await?;
        let unheard = self.lost_event().await?;
        let unseen = self.undelegated_zone().await?;
        self.renewal(&several).await?;
        self.check_everything(&unseen);
        self.end(&[several, late, blocked, unheard, unseen])
    }

    async fn several_names(&mut self) -> Result<String> {
        self.say(
            "The shop team requests a certificate for four names in two zones, from the console.",
        );
        let names = ["example.com", "*.example.com", "www.shop.example.com", "api.example.org"];
        let zones = self.account.zones();
        let zones = format!("{} {}", zones["example.com"], zones["example.org"]);
        // Instead of the simulator's event, the function gets AWS's own sample.
        self.account.lose_next_event();
        let arn = self.account.request(&names, Some(&zones)).await?;
        self.account.skip(TimeDelta::seconds(9));
        self.account.send_sample_about(&arn, &zones);
        self.go_on(TimeDelta::minutes(10)).await?;
        let issued = self.account.is_issued(&arn);
        self.expect("the certificate with four names in two zones is issued", issued);
        Ok(arn)
    }

    async fn late_record(&mut self) -> Result<String> {
        self.say(
            "The API team requests one too, and ACM takes three minutes to create its record.",
        );
        self.account.delay_records(TimeDelta::minutes(3));
        let arn = self.account.request(&["api.example.com"], None).await?;
        self.go_on(TimeDelta::minutes(20)).await?;
        self.account.delay_records(TimeDelta::zero());
        let issued = self.account.is_issued(&arn);
        self.expect("the certificate with a late record is issued", issued);
        Ok(arn)
    }

    async fn untagged_zone(&mut self) -> Result<String> {
        self.say("Somebody requests a certificate in the zone that the function may not use.");
        let arn = self.account.request(&["www.partner.example.net"], None).await?;
        self.go_on(TimeDelta::minutes(40)).await?;
        self.say(
            "The DNS team tags the zone validate=yes, and the function checks its certificates.",
        );
        self.account.tag_zone(UNTAGGED_ZONE).await?;
        self.go_on(TimeDelta::minutes(30)).await?;
        let issued = self.account.is_issued(&arn);
        self.expect("the blocked certificate is issued once its zone is tagged", issued);
        Ok(arn)
    }

    async fn lost_event(&mut self) -> Result<String> {
        self.say(
            "CloudTrail loses the event about a request. Nothing happens until the hourly sweep.",
        );
        self.account.lose_next_event();
        let arn = self.account.request(&["cart.example.com"], None).await?;
        self.go_on(TimeDelta::minutes(20)).await?;
        self.account.sweep();
        self.go_on(TimeDelta::minutes(30)).await?;
        let issued = self.account.is_issued(&arn);
        self.expect("the certificate whose event was lost is issued", issued);
        Ok(arn)
    }

    async fn undelegated_zone(&mut self) -> Result<String> {
        self.say("Somebody requests one in the zone that public DNS does not ask.");
        let arn = self.account.request(&["lost.example.info"], None).await?;
        self.go_on(TimeDelta::hours(1)).await?;
        let told = self.account.is_told(&arn, OTHER_NAME_SERVERS);
        self.expect(
            "a record that nobody sees is told within the hour, with the name servers",
            told,
        );
        self.say("The DNS team sets the name servers at the registrar.");
        self.account.set_registrar(UNDELEGATED_ZONE);
        self.go_on(TimeDelta::hours(1)).await?;
        let issued = self.account.is_issued(&arn);
        self.expect("its certificate is issued once the registrar names the right ones", issued);
        Ok(arn)
    }

    async fn renewal(&mut self, arn: &str) -> Result<()> {
        self.say(
            "Five months later somebody deletes a record in example.org, and ACM cannot renew.",
        );
        self.account.skip(TimeDelta::days(150));
        self.account.renew_without_record(arn, "api.example.org", "example.org");
        self.go_on(TimeDelta::hours(2)).await?;
        let renewed = self.account.is_renewed(arn);
        self.expect("the record is written again, and the certificate is renewed", renewed);
        Ok(())
    }

    /// What is expected of all scenes together, and of the checks of one certificate.
    fn check_everything(&mut self, unseen: &str) {
        let account = &self.account;
        // Those of www.shop, api and cart, and one that apex and wildcard share.
        let written_once = account.writes("example.com") == 4
            && account.writes(PRIVATE_ZONE) == 0
            // Once more for the renewal.
            && account.writes("example.org") == 2
            && account.writes(UNTAGGED_ZONE) == 1
            && account.writes(UNDELEGATED_ZONE) == 1;
        let done = account.is_done();
        let calls = account.calls_of_checks(unseen);
        // One call reads the tags of zones, because HOSTED_ZONE_TAG is set; one the zone's name servers, to
        // compare them with those that public DNS asks; one publishes that nobody sees the record.
        let few_calls = calls.first() == Some(&8)
            && calls.iter().skip(1).all(|calls| *calls <= 8)
            && calls.last() == Some(&3);
        self.expect("every record is written once, and none into the private zone", written_once);
        self.expect("no event failed, and no check is scheduled any more", done);
        self.expect(
            "a first check makes 7 calls, a later one 5, the last 3; zone tags, name servers, an event: 1 more each",
            few_calls,
        );
    }

    /// Lets time pass, and prints what the function did meanwhile.
    async fn go_on(&mut self, time: TimeDelta) -> Result<()> {
        self.account.pass(time).await?;
        let invocations = self.account.invocations_after(self.printed);
        self.printed += invocations.len();
        match self.output {
            Output::Quiet => {}
            Output::Json => invocations.iter().map(as_json).for_each(print),
            Output::Timeline => {
                timeline(&invocations, self.account.zones()).iter().for_each(print);
                print("");
            }
        }
        Ok(())
    }

    fn say(&self, text: &str) {
        match self.output {
            Output::Quiet => {}
            Output::Json if text.is_empty() => {}
            Output::Json => {
                print(json!({"time": self.account.sim().now(), "happened": text}));
            }
            Output::Timeline => print(text),
        }
    }

    fn expect(&mut self, what: &'static str, is_so: bool) {
        self.expected.push((what, is_so));
    }

    /// Prints the table, and what was expected.
    fn end(&self, arns: &[String]) -> Result<ExitCode> {
        let rows = arns.iter().map(|arn| self.row(arn)).collect::<Option<Vec<_>>>();
        let rows = rows.ok_or("a certificate is missing")?;
        if self.output == Output::Json {
            rows.iter().for_each(|row| print(json!(row)));
            for (what, is_so) in &self.expected {
                print(json!({"expected": what, "ok": is_so}));
            }
        } else {
            print(HEADINGS);
            rows.iter().for_each(print);
            print("");
            for (what, is_so) in &self.expected {
                print(format!("{} {what}", if *is_so { "ok:    " } else { "FAILED:" }));
            }
        }
        let all = self.expected.iter().all(|(_, is_so)| *is_so);
        Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn row(&self, arn: &str) -> Option<Row> {
        let calls = self.account.calls_of_checks(arn);
        let aws = self.account.sim().aws();
        Some(Row::new(aws.acm.certificate(arn)?, &calls))
    }
}
