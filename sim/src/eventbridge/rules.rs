//! Buses and their rules: which functions and queues an event reaches.

use std::collections::BTreeMap;

use serde_json::Value;

use super::pattern::Pattern;
use crate::cloudtrail::DETAIL_TYPE;

/// A bus: its account, its region, its name.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Bus {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) name: String,
}

impl Bus {
    pub(crate) fn new(account: &str, region: &str, name: &str) -> Self {
        Self { account: account.to_owned(), region: region.to_owned(), name: name.to_owned() }
    }

    /// Reads `arn:aws:events:eu-west-1:111111111111:event-bus/certificates`.
    pub(crate) fn from_arn(arn: &str) -> Option<Self> {
        let [region, account, resource] = parts(arn, "events")?;
        let name = resource.strip_prefix("event-bus/").filter(|name| !name.is_empty())?;
        Some(Self::new(account, region, name))
    }
}

/// Region, account and resource of an ARN of this service.
fn parts<'a>(arn: &'a str, service: &str) -> Option<[&'a str; 3]> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, found, region, account, resource] if found == service => {
            Some([region, account, resource])
        }
        _ => None,
    }
}

/// An event that reached a rule's target.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The target's ARN: a function or a queue.
    pub target: String,
    /// The event with its envelope.
    pub event: Value,
}

/// A rule. Here each rule has exactly one target.
#[derive(Clone, Debug)]
struct Rule {
    pattern: Pattern,
    target: Target,
}

#[derive(Clone, Debug)]
enum Target {
    Bus(Bus),
    /// A function or a queue.
    End(String),
}

/// Every rule, by its bus and its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    buses: BTreeMap<Bus, BTreeMap<String, Rule>>,
}

impl Rules {
    pub(crate) fn create_bus(&mut self, bus: Bus) {
        self.buses.entry(bus).or_default();
    }

    /// Every account has the bus `default` in every region; others have to be created.
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus.html>
    pub(crate) fn has_bus(&self, bus: &Bus) -> bool {
        bus.name == "default" || self.buses.contains_key(bus)
    }

    /// Adds a rule, or replaces the one of that name: `PutRule` updates.
    /// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
    ///
    /// # Panics
    ///
    /// If AWS would reject the rule, or the simulator does not model it: the test is wrong.
    pub(crate) fn put(&mut self, bus: Bus, name: &str, pattern: &Value, target_arn: &str) {
        assert!(self.has_bus(&bus), "rule {name}: there is no {bus:?}, create_bus first");
        // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
        let length = pattern.to_string().chars().count();
        assert!(
            length <= 2048,
            "rule {name}: its pattern has {length} characters, at most 2048 are allowed"
        );
        let pattern = match Pattern::parse(pattern) {
            Ok(pattern) => pattern,
            Err(reason) => panic!("rule {name}: InvalidEventPatternException: {reason}"),
        };
        let target = self.target(&bus, name, target_arn);
        self.buses.entry(bus).or_default().insert(name.to_owned(), Rule { pattern, target });
    }

    fn target(&self, bus: &Bus, name: &str, arn: &str) -> Target {
        if let Some(target) = Bus::from_arn(arn) {
            assert!(self.has_bus(&target), "rule {name}: there is no {arn}, create_bus first");
            return Target::Bus(target);
        }
        let function = parts(arn, "lambda").filter(|[_, _, it]| it.starts_with("function:"));
        let queue = parts(arn, "sqs").filter(|[_, _, name]| !name.ends_with(".fifo"));
        let Some([region, _, _]) = function.or(queue) else {
            panic!("rule {name}: {arn} is not a function, a standard queue or an event bus");
        };
        // Only buses may be in another region. That other targets may not follows from their absence in
        // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
        assert_eq!(region, bus.region, "rule {name}: {arn} is in another region than its rule");
        Target::End(arn.to_owned())
    }

    /// The functions and queues that this event reaches from `bus`, directly or over one more bus.
    ///
    /// One hop only: a bus does not forward an event that was forwarded to it. A forwarded event keeps
    /// its `account` and `region` (widely observed, not documented).
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html>
    pub(crate) fn route(&self, bus: &Bus, event: &Value) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for target in self.targets(bus, event) {
            match target {
                Target::End(arn) => deliveries.push(delivery(arn, event)),
                Target::Bus(next) => {
                    for target in self.targets(next, event) {
                        if let Target::End(arn) = target {
                            deliveries.push(delivery(arn, event));
                        }
                    }
                }
            }
        }
        deliveries
    }

    /// The targets of the rules that match, in the order of the names of the rules.
    ///
    /// A rule in state `ENABLED` does not match CloudTrail's read-only events.
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html>
    fn targets<'a>(&'a self, bus: &Bus, event: &'a Value) -> impl Iterator<Item = &'a Target> {
        let read_only = event["detail-type"] == DETAIL_TYPE && event["detail"]["readOnly"] == true;
        let rules = self.buses.get(bus).into_iter().flat_map(BTreeMap::values);
        rules.filter(move |rule| !read_only && rule.pattern.matches(event)).map(|rule| &rule.target)
    }
}

fn delivery(target: &str, event: &Value) -> Delivery {
    Delivery { target: target.to_owned(), event: event.clone() }
}
