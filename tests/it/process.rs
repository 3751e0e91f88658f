//! The `bootstrap` process, run against simulators of Lambda's Runtime API and of AWS over TCP, on the
//! real clock.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sim::Sim;
use sim::acm::Status;
use sim::server::{Server, serve};

use crate::world::{ACCOUNT, FUNCTION, REGION, SCHEDULE_ROLE, deploy};

/// The function's process with the environment that Lambda gives it.
fn bootstrap(server: &Server) -> Command {
    let address = server.address().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bootstrap"));
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", &address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "acm-dns-validator")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "test")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "test")
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", format!("AKIA{ACCOUNT}"))
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_ENDPOINT_URL", format!("http://{address}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The lines that a process logged.
fn logged(stdout: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "the process under test reads the real clock")]
fn real_now() -> DateTime<Utc> {
    SystemTime::now().into()
}

#[tokio::test]
async fn the_process_serves_lambda_and_logs_checks_metrics_and_rejected_events() {
    let sim = Sim::stepped(real_now());
    deploy(&sim);
    sim.aws().route53.register_domain(ACCOUNT, "example.com");
    sim.aws().eventbridge.fail_next_entries(1, "InternalFailure");
    let server = serve(sim.clone()).await.expect("a port");
    let mut process = bootstrap(&server)
        .env("SCHEDULE_GROUP", "acm-dns-validator")
        .env("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE)
        .spawn()
        .expect("bootstrap starts");
    let arn =
        crate::world::request(&sim, ACCOUNT, REGION, &["example.com"], |request| request).await;
    server.run_until(sim.now() + TimeDelta::minutes(10)).await.expect("it starts");
    process.kill().expect("it still runs");
    let output = process.wait_with_output().expect("its output");

    let aws = sim.aws();
    assert_eq!(aws.acm.certificate(&arn).expect("a certificate").status, Status::Issued);
    assert_eq!(aws.route53.writes().len(), 1);
    let lines = logged(&output.stdout);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        (&lines[0]["message"], &lines[0]["version"], &lines[0]["level"]),
        (&json!("the function starts"), &json!(version), &json!("INFO"))
    );
    let checks: Vec<_> = lines.iter().filter(|line| line["message"] == "reconciled").collect();
    let first = checks.first().expect("a closing line");
    for (field, expected) in [
        ("certificate", arn.as_str()),
        ("account", ACCOUNT),
        ("region", REGION),
        ("domain", "example.com"),
        ("state", "RECORDS_WRITTEN"),
        ("status", "PENDING_VALIDATION"),
    ] {
        assert_eq!(first[field], expected, "{field} of {first}");
    }
    assert!(first["next"].is_string() && first["written"] == 1, "{first}");
    let written: Vec<_> = lines.iter().filter(|it| it["message"] == "record written").collect();
    let [written] = written[..] else { panic!("one record is written: {lines:?}") };
    assert_eq!((&written["state"], &written["domain"]), (&json!("WRITTEN"), &json!("example.com")));
    assert_eq!(written["zone_name"], "example.com");
    assert!(written["zone"].is_string() && written["record"].is_string(), "{written}");
    assert_eq!(checks.len(), aws.lambda.finished().len(), "{lines:?}");
    let (metrics, others): (Vec<_>, Vec<_>) = lines
        .iter()
        .filter(|line| line["level"] != "INFO" || line.get("_aws").is_some())
        .partition(|line| line.get("_aws").is_some());
    let names = |line: &Value| line["_aws"]["CloudWatchMetrics"][0]["Metrics"].to_string();
    assert!(names(metrics[0]).contains("RecordsWritten"), "{metrics:?}");
    assert!(metrics.iter().all(|line| line["level"] == "INFO"), "{metrics:?}");
    assert!(metrics.iter().all(|line| line["FunctionName"] == "acm-dns-validator"), "{metrics:?}");
    assert_eq!(others.len(), 1, "{others:?}");
    assert!(
        others[0]["level"] == "WARN" && others[0]["error"].to_string().contains("InternalFailure")
    );
    assert!(aws.lambda.finished().iter().all(|attempt| attempt.outcome.is_ok()));
    assert_eq!(aws.lambda.finished()[0].invocation.function_arn, FUNCTION);
}

#[tokio::test]
async fn a_process_without_settings_names_all_of_them_and_exits() {
    let server = serve(Sim::stepped(real_now())).await.expect("a port");
    let mut bootstrap = bootstrap(&server);
    let bootstrap = bootstrap.env("RECORD_TTL", "soon").env("AWS_CA_BUNDLE", "/nowhere");
    let output = bootstrap.output().expect("bootstrap starts");
    assert!(!output.status.success());
    let lines = logged(&output.stdout);
    assert_eq!(lines[0]["version"], env!("CARGO_PKG_VERSION"));
    let error = lines[0]["error"].to_string();
    for name in [
        "SCHEDULE_GROUP is not set",
        "SCHEDULE_ROLE_ARN is not set",
        "RECORD_TTL is `soon`",
        "AWS_CA_BUNDLE is `/nowhere`",
    ] {
        assert!(error.contains(name), "{name} not in {error}");
    }
}

#[tokio::test]
async fn the_level_debug_is_that_of_the_function_and_trace_includes_its_libraries() {
    for (level, libraries) in [("DEBUG", false), ("TRACE", true)] {
        let sim = Sim::stepped(real_now());
        deploy(&sim);
        let server = serve(sim.clone()).await.expect("a port");
        // A pipe that nobody reads is full before the function is done.
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{level}.log"));
        let mut process = bootstrap(&server)
            .stdout(File::create(&path).expect("a file"))
            .env("SCHEDULE_GROUP", "acm-dns-validator")
            .env("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE)
            .env("AWS_LAMBDA_LOG_LEVEL", level)
            .spawn()
            .expect("bootstrap starts");
        crate::world::request(&sim, ACCOUNT, REGION, &["example.com"], |request| request).await;
        server.run_until(sim.now() + TimeDelta::minutes(1)).await.expect("it starts");
        process.kill().expect("it still runs");
        process.wait().expect("it ends");
        let lines = logged(&fs::read(&path).expect("its output"));
        assert!(lines.iter().any(|line| line["message"] == "planned"), "{level}: {lines:?}");
        let details = lines.iter().any(|line| {
            let target = line["target"].as_str().unwrap_or("acm_dns_validator");
            line["level"] == "DEBUG" && !target.starts_with("acm_dns_validator")
        });
        assert_eq!(details, libraries, "{level}");
    }
}

#[tokio::test]
async fn a_log_level_hides_the_levels_below_it_and_never_metrics() {
    for (level, expected) in [("INFO", true), ("info", true), ("WARN", false), ("FATAL", false)] {
        let sim = Sim::stepped(real_now());
        deploy(&sim);
        let server = serve(sim.clone()).await.expect("a port");
        let mut process = bootstrap(&server)
            .env("SCHEDULE_GROUP", "acm-dns-validator")
            .env("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE)
            .env("AWS_LAMBDA_LOG_LEVEL", level)
            .spawn()
            .expect("bootstrap starts");
        crate::world::request(&sim, ACCOUNT, REGION, &["example.com"], |request| request).await;
        server.run_until(sim.now() + TimeDelta::minutes(1)).await.expect("it starts");
        process.kill().expect("it still runs");
        let lines = logged(&process.wait_with_output().expect("its output").stdout);
        let reconciled = lines.iter().any(|line| line["message"] == "reconciled");
        let blocked = lines.iter().any(|line| line["message"] == "record blocked");
        assert_eq!((reconciled, blocked), (expected, level != "FATAL"), "{level}: {lines:?}");
        assert!(
            lines.iter().any(|line| line.get("_aws").is_some()),
            "metrics are not log messages"
        );
    }
}
