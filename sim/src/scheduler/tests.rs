use chrono::{DateTime, TimeDelta, Utc};
use http::Request;
use serde_json::{Value, json};

use super::{Firing, Progress, Scheduler, operation};
use crate::call::Caller;
use crate::wire::Failure;

const ACCOUNT: &str = "111111111111";
const REGION: &str = "eu-west-1";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111111111111:function:validator";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111111111111:checks";
const ROLE: &str = "arn:aws:iam::111111111111:role/scheduler";

/// 2026-11-23T08:00:00Z and so many seconds.
fn at(seconds: i64) -> DateTime<Utc> {
    "2026-11-23T08:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
}

fn scheduler() -> Scheduler {
    let mut scheduler = Scheduler::default();
    scheduler.allow_role(ACCOUNT, ROLE, &[FUNCTION, QUEUE]);
    scheduler.add_group(ACCOUNT, REGION, "checks", at(0));
    scheduler
}

fn call(
    scheduler: &mut Scheduler,
    (account, region): (&str, &str),
    (method, path): (&str, &str),
    body: Value,
    now: DateTime<Utc>,
) -> Result<Value, Failure> {
    let uri = format!("https://scheduler.aws{path}");
    let body = body.to_string().into_bytes();
    let request = Request::builder().method(method).uri(uri).body(body).unwrap();
    let caller = Caller { account: account.to_owned(), region: region.to_owned() };
    scheduler.respond(operation(&request), &caller, &request, now)
}

fn ask(scheduler: &mut Scheduler, request: (&str, &str), body: Value) -> Result<Value, Failure> {
    call(scheduler, (ACCOUNT, REGION), request, body, at(0))
}

/// A check in two minutes.
fn check() -> Value {
    json!({
        "ActionAfterCompletion": "DELETE",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "GroupName": "checks",
        "ScheduleExpression": "at(2026-11-23T08:02:00)",
        "Target": {"Arn": FUNCTION, "RoleArn": ROLE, "Input": "{\"n\":1}"},
    })
}

/// The check with one thing set otherwise; `null` leaves it out.
fn check_with(pointer: &str, value: Value) -> Value {
    let mut body = check();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => parent.remove(name),
        value => parent.insert(name.to_owned(), value),
    };
    body
}

fn create(scheduler: &mut Scheduler, name: &str, body: Value) -> Result<Value, Failure> {
    ask(scheduler, ("POST", &format!("/schedules/{name}")), body)
}

/// Lets everything come due: when, and how many firings.
fn run(scheduler: &mut Scheduler) -> Vec<(i64, usize)> {
    let mut fired = Vec::new();
    while let Some(due) = scheduler.next_due() {
        fired.push(((due - at(0)).num_seconds(), scheduler.fire(due).len()));
    }
    fired
}

#[test]
fn a_schedule_fires_once_within_its_minute_and_goes_a_while_later() {
    let mut scheduler = scheduler();
    let created = create(&mut scheduler, "one", check()).unwrap();
    let arn = "arn:aws:scheduler:eu-west-1:111111111111:schedule/checks/one";
    assert_eq!(created, json!({"ScheduleArn": arn}));
    let due = scheduler.next_due().unwrap();
    assert!((at(120)..at(180)).contains(&due), "{due}");
    let firing = Firing { target: FUNCTION.to_owned(), input: json!({"n": 1}) };
    assert_eq!(scheduler.fire(due), [firing]);
    assert_eq!(scheduler.schedules(ACCOUNT, REGION, "checks")[0].progress, Progress::Spent(due));

    // The function that runs now cannot use the name again.
    let conflict = create(&mut scheduler, "one", check()).unwrap_err();
    assert_eq!((conflict.status, conflict.code.as_str()), (409, "ConflictException"));
    assert_eq!(scheduler.next_due(), Some(due + TimeDelta::seconds(90)));
    assert_eq!(scheduler.fire(due + TimeDelta::seconds(90)), []);
    assert!(scheduler.schedules(ACCOUNT, REGION, "checks").is_empty());
    assert!(create(&mut scheduler, "one", check()).is_ok());
}

#[test]
fn a_spent_schedule_that_is_not_to_be_deleted_stays() {
    let mut scheduler = scheduler();
    create(&mut scheduler, "one", check_with("/ActionAfterCompletion", Value::Null)).unwrap();
    assert_eq!(run(&mut scheduler).len(), 1);
    assert_eq!(create(&mut scheduler, "one", check()).unwrap_err().code, "ConflictException");
}

#[test]
fn a_time_gone_by_is_accepted_and_never_comes() {
    let mut scheduler = scheduler();
    let past = check_with("/ScheduleExpression", json!("at(2026-11-23T07:59:59)"));
    create(&mut scheduler, "one", past).unwrap();
    assert_eq!((scheduler.next_due(), scheduler.lost()), (None, 1));
}

#[test]
fn a_repeated_request_with_its_token_is_no_conflict() {
    let mut scheduler = scheduler();
    let body = check_with("/ClientToken", json!("token"));
    create(&mut scheduler, "one", body.clone()).unwrap();
    assert!(create(&mut scheduler, "one", body.clone()).is_ok());
    let mut other = body;
    other["Target"]["Input"] = json!("{}");
    assert_eq!(create(&mut scheduler, "one", other).unwrap_err().code, "ConflictException");
}

#[test]
fn what_the_model_forbids_is_refused() {
    let long = "n".repeat(65);
    for (pointer, value) in [
        ("/ScheduleExpression", json!("at(2026-11-23T08:02)")),
        ("/ScheduleExpression", json!("at(2026-11-23T8:02:00)")),
        ("/ScheduleExpression", json!("at(2026-11-23T08:02:00Z)")),
        ("/ScheduleExpression", json!("at(2026-02-29T08:02:00)")),
        ("/ScheduleExpression", json!("rate(1 minutes)")),
        ("/ScheduleExpression", json!("cron(0 * * * ? *)")),
        ("/ScheduleExpression", Value::Null),
        ("/ScheduleExpressionTimezone", json!("Europe/Berlin")),
        ("/FlexibleTimeWindow", Value::Null),
        ("/FlexibleTimeWindow/Mode", json!("ON")),
        ("/FlexibleTimeWindow/MaximumWindowInMinutes", json!(5)),
        ("/Target", Value::Null),
        ("/Target/Arn", json!("arn:aws:sns:eu-west-1:111111111111:topic")),
        ("/Target/Arn", json!("arn:aws:sqs:eu-west-1:111111111111:queue.fifo")),
        ("/Target/SqsParameters", json!({"MessageGroupId": "one"})),
        ("/Target/Arn", json!("validator")),
        ("/Target/RoleArn", Value::Null),
        ("/Target/RoleArn", json!("arn:aws:iam::111111111111:user/scheduler")),
        ("/Target/RoleArn", json!("arn:aws:iam::111111111111:role/unknown")),
        ("/Target/Input", json!("not JSON")),
        ("/Target/Input", json!(format!("\"{}\"", "x".repeat(256 * 1024)))),
        ("/Target/Input", Value::Null),
        ("/Target/RetryPolicy", json!({"MaximumRetryAttempts": 186})),
        ("/Target/RetryPolicy", json!({"MaximumEventAgeInSeconds": 59})),
        ("/ActionAfterCompletion", json!("Delete")),
        ("/State", json!("ON")),
        ("/ClientToken", json!("a b")),
        ("/GroupName", json!("a/b")),
        ("/Description", json!("d".repeat(513))),
        ("/KmsKeyArn", json!("arn:aws:kms:eu-west-1:111111111111:key/1")),
    ] {
        let failure = create(&mut scheduler(), "one", check_with(pointer, value)).unwrap_err();
        assert_eq!((failure.status, &*failure.code), (400, "ValidationException"), "{pointer}");
    }
    for name in ["a%20b", &long] {
        let failure = create(&mut scheduler(), name, check()).unwrap_err();
        assert_eq!(failure.code, "ValidationException", "{name}");
    }
    assert!(create(&mut scheduler(), &long[1..], check()).is_ok());
}

#[test]
fn a_group_must_exist_and_default_always_does() {
    let mut scheduler = scheduler();
    let strange = check_with("/GroupName", json!("strange"));
    let failure = create(&mut scheduler, "one", strange.clone()).unwrap_err();
    assert_eq!((failure.status, failure.code.as_str()), (404, "ResourceNotFoundException"));
    assert_eq!(failure.message, "Schedule group strange does not exist.");
    assert!(create(&mut scheduler, "one", check_with("/GroupName", Value::Null)).is_ok());

    ask(&mut scheduler, ("POST", "/schedule-groups/strange"), json!({})).unwrap();
    let again = ask(&mut scheduler, ("POST", "/schedule-groups/strange"), json!({}));
    assert_eq!(again.unwrap_err().code, "ConflictException");
    create(&mut scheduler, "one", strange).unwrap();
    ask(&mut scheduler, ("DELETE", "/schedule-groups/strange"), json!({})).unwrap();
    assert!(scheduler.schedules(ACCOUNT, REGION, "strange").is_empty());
    assert!(ask(&mut scheduler, ("GET", "/schedule-groups/default"), json!({})).is_ok());
    assert!(ask(&mut scheduler, ("DELETE", "/schedule-groups/default"), json!({})).is_err());
}

#[test]
fn accounts_and_regions_do_not_see_each_other() {
    let mut scheduler = scheduler();
    create(&mut scheduler, "one", check()).unwrap();
    let read = ("GET", "/schedules/one?groupName=checks");
    for elsewhere in [("222222222222", REGION), (ACCOUNT, "us-east-1")] {
        let failure = call(&mut scheduler, elsewhere, read, json!({}), at(0)).unwrap_err();
        assert_eq!(failure.code, "ResourceNotFoundException");
    }
    // Somebody else's role is nobody's.
    let there = ("222222222222", REGION);
    let body = check_with("/GroupName", Value::Null);
    let failure = call(&mut scheduler, there, ("POST", "/schedules/one"), body, at(0));
    assert_eq!(failure.unwrap_err().code, "ValidationException");
}

#[test]
fn a_schedule_reads_as_it_was_written_until_it_is_deleted() {
    let mut scheduler = scheduler();
    create(&mut scheduler, "one", check()).unwrap();
    let path = "/schedules/one?groupName=checks";
    let read = ask(&mut scheduler, ("GET", path), json!({})).unwrap();
    assert_eq!(read["ScheduleExpression"], "at(2026-11-23T08:02:00)");
    let mut target = check()["Target"].clone();
    target["RetryPolicy"] =
        json!({"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185});
    assert_eq!((&read["State"], &read["Target"]), (&json!("ENABLED"), &target));
    assert_eq!(ask(&mut scheduler, ("DELETE", path), json!({})), Ok(json!({})));
    let failure = ask(&mut scheduler, ("DELETE", path), json!({})).unwrap_err();
    assert_eq!(failure.message, "Schedule one does not exist.");
}

#[test]
fn an_update_replaces_all_of_it() {
    let mut scheduler = scheduler();
    let update = |scheduler: &mut Scheduler, body| ask(scheduler, ("PUT", "/schedules/one"), body);
    assert_eq!(update(&mut scheduler, check()).unwrap_err().status, 404);
    create(&mut scheduler, "one", check()).unwrap();
    let mut later = check_with("/ActionAfterCompletion", Value::Null);
    later["ScheduleExpression"] = json!("at(2026-11-23T09:00:00)");
    update(&mut scheduler, later.clone()).unwrap();
    let [(fired, 1)] = run(&mut scheduler)[..] else { panic!("one firing, no deletion") };
    assert!((3600..3660).contains(&fired));
}

#[test]
fn an_update_does_not_stop_a_deletion_under_way() {
    let mut scheduler = scheduler();
    create(&mut scheduler, "one", check()).unwrap();
    scheduler.fire(at(180));
    let later = check_with("/ScheduleExpression", json!("at(2026-11-23T09:00:00)"));
    ask(&mut scheduler, ("PUT", "/schedules/one"), later).unwrap();
    assert_eq!(run(&mut scheduler), [(270, 0)]);
}

#[test]
fn lists_come_in_pages() {
    let mut scheduler = scheduler();
    for name in ["a1", "a2", "a3", "b1"] {
        create(&mut scheduler, name, check()).unwrap();
    }
    let path = "/schedules?ScheduleGroup=checks&NamePrefix=a&MaxResults=2";
    let first = ask(&mut scheduler, ("GET", path), json!({})).unwrap();
    let names = |page: &Value| -> Vec<String> {
        let schedules = page["Schedules"].as_array().unwrap();
        schedules.iter().map(|it| it["Name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&first), ["a1", "a2"]);
    let token = first["NextToken"].as_str().unwrap().replace('/', "%2F");
    let path = format!("{path}&NextToken={token}");
    let second = ask(&mut scheduler, ("GET", &path), json!({})).unwrap();
    assert_eq!((names(&second), &second["NextToken"]), (vec!["a3".to_owned()], &Value::Null));
}

#[test]
fn firings_can_be_lost_doubled_and_late() {
    let fired = |arrange: fn(&mut Scheduler)| {
        let mut scheduler = scheduler();
        create(&mut scheduler, "one", check()).unwrap();
        arrange(&mut scheduler);
        run(&mut scheduler)[0]
    };
    let (at, once) = fired(|_| {});
    assert_eq!(once, 1);
    assert_eq!(fired(|it| it.lose_firings(1)), (at, 0));
    assert_eq!(fired(|it| it.duplicate_firings(1)), (at, 2));
    assert_eq!(fired(|it| it.set_delay(TimeDelta::minutes(5))), (at + 300, 1));
}

#[test]
fn a_flexible_schedule_fires_within_its_window_and_a_disabled_one_never() {
    let mut scheduler = scheduler();
    let window = json!({"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15});
    create(&mut scheduler, "one", check_with("/FlexibleTimeWindow", window)).unwrap();
    create(&mut scheduler, "two", check_with("/State", json!("DISABLED"))).unwrap();
    let [(fired, 1), (_, 0)] = run(&mut scheduler)[..] else { panic!("a firing, a deletion") };
    assert!((120..120 + 900).contains(&fired));
}

#[test]
fn keywords_in_the_input_are_filled_in() {
    let mut scheduler = scheduler();
    let input = json!("[\"<aws.scheduler.schedule-arn>\",\"<aws.scheduler.scheduled-time>\"]");
    create(&mut scheduler, "one", check_with("/Target/Input", input)).unwrap();
    let input = scheduler.fire(at(180)).remove(0).input;
    let arn = "arn:aws:scheduler:eu-west-1:111111111111:schedule/checks/one";
    assert_eq!(input, json!([arn, "2026-11-23T08:02:00Z"]));
}

#[test]
fn pages_go_on_from_group_to_group() {
    let mut scheduler = scheduler();
    scheduler.add_group(ACCOUNT, REGION, "checks-b", at(0));
    for (group, name) in [("checks", "one"), ("checks-b", "two")] {
        create(&mut scheduler, name, check_with("/GroupName", json!(group))).unwrap();
    }
    let first = ask(&mut scheduler, ("GET", "/schedules?MaxResults=1"), json!({})).unwrap();
    assert_eq!(first["Schedules"][0]["Name"], "one");
    let token = first["NextToken"].as_str().unwrap().replace('/', "%2F");
    let path = format!("/schedules?MaxResults=1&NextToken={token}");
    let second = ask(&mut scheduler, ("GET", &path), json!({})).unwrap();
    assert_eq!(second["Schedules"][0]["Name"], "two");
}

#[test]
fn a_deleted_schedule_never_fires_and_its_name_starts_afresh() {
    let mut scheduler = scheduler();
    create(&mut scheduler, "one", check()).unwrap();
    let path = "/schedules/one?groupName=checks";
    ask(&mut scheduler, ("DELETE", path), json!({})).unwrap();
    assert_eq!(scheduler.next_due(), None);
    let later = check_with("/ScheduleExpression", json!("at(2026-11-23T09:00:00)"));
    create(&mut scheduler, "one", later).unwrap();
    let [(fired, 1), (_, 0)] = run(&mut scheduler)[..] else { panic!("a firing, a deletion") };
    assert!((3600..3660).contains(&fired));
}

#[test]
fn a_queue_is_sent_the_input_as_it_is() {
    let mut scheduler = scheduler();
    let mut body = check_with("/Target/Input", json!("{ not JSON"));
    body["Target"]["Arn"] = json!(QUEUE);
    create(&mut scheduler, "one", body.clone()).unwrap();
    let [Firing { target, input }] = &scheduler.fire(at(180))[..] else { panic!("one firing") };
    assert_eq!((&json!(target), input), (&body["Target"]["Arn"], &json!("{ not JSON")));
}

#[test]
fn what_a_role_may_not_send_goes_to_the_dead_letter_queue_or_is_dropped() {
    for (targets, sent, dropped) in
        [(&[FUNCTION][..], Some(FUNCTION), 0), (&[QUEUE], Some(QUEUE), 0), (&[], None, 1)]
    {
        let mut scheduler = scheduler();
        scheduler.allow_role(ACCOUNT, ROLE, targets);
        let body = check_with("/Target/DeadLetterConfig", json!({"Arn": QUEUE}));
        create(&mut scheduler, "one", body).unwrap();
        let firings = scheduler.fire(at(180));
        assert_eq!(firings.iter().map(|it| it.target.as_str()).next(), sent);
        assert_eq!(scheduler.dropped(), dropped);
    }
}
