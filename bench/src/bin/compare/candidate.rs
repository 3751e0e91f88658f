//! The programs that are compared, and how each is started.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use acm_dns_validator_bench::world::Failure;
use tokio::process::{Child, Command};

use crate::world::{ACCOUNT, GROUP, REGION, SCHEDULE_ROLE};
use acm_dns_validator_bench::host::{RuntimeApi, Services};
use acm_dns_validator_bench::trust::Trust;

/// A program that Lambda could run.
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The binary, the interpreter, or the directory of the bundle.
    path: PathBuf,
}

/// The kind of a program.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Kind {
    /// A binary that does the function's work.
    Function,
    /// A binary that answers, and does nothing else.
    Hello,
    /// Node.js, with the bundle that `run` builds from `bench/node`.
    Node,
    /// A Python interpreter with the packages that `bench/python` needs.
    Python,
}

impl Candidate {
    /// Reads `NAME=PATH`.
    pub(crate) fn parse(kind: Kind, text: &str) -> Result<Self, Failure> {
        let (name, path) =
            text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=PATH"))?;
        let path = std::path::absolute(path).map_err(|error| format!("{path}: {error}"))?;
        if !path.exists() {
            return Err(format!("{} does not exist", path.display()).into());
        }
        Ok(Self { name: name.to_owned(), kind, path })
    }

    /// Whether it does the function's work.
    pub(crate) fn does_the_work(&self) -> bool {
        self.kind != Kind::Hello
    }

    /// Starts it with the environment that Lambda gives a function, and no other. Its output goes to
    /// `log`.
    pub(crate) fn start(
        &self,
        runtime: &RuntimeApi,
        services: &Services,
        trust: &Trust,
        directory: &Path,
        log: File,
    ) -> io::Result<Child> {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (mut command, root) = match self.kind {
            Kind::Function | Kind::Hello => (Command::new(&self.path), Some(directory)),
            Kind::Node => {
                let mut node = Command::new("node");
                node.arg(sources.join("node/runtime.js"));
                (node, Some(self.path.as_path()))
            }
            Kind::Python => {
                let mut python = Command::new(&self.path);
                python.args(["-m", "awslambdaric", "handler.handler"]);
                (python, None)
            }
        };
        let root = root.map_or_else(|| sources.join("python"), Path::to_owned);
        let handler = if self.kind == Kind::Node { "index.handler" } else { "handler.handler" };
        command
            .current_dir(&root)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LANG", "en_US.UTF-8")
            .env("TZ", ":UTC")
            .env("LAMBDA_TASK_ROOT", &root)
            .env("_HANDLER", handler)
            .env("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "acm-dns-validator")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_LAMBDA_LOG_LEVEL", "INFO")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/acm-dns-validator")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/23/[$LATEST]8476a536e9f411e8")
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", format!("AKIA{ACCOUNT}"))
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_SESSION_TOKEN", "session")
            // The function reads the system's file of authorities, and botocore one of the same length.
            // Node.js adds one authority to its own.
            .env("SSL_CERT_FILE", &trust.all)
            .env("NODE_EXTRA_CA_CERTS", &trust.authority)
            .env("SCHEDULE_GROUP", GROUP)
            .env("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        if self.kind == Kind::Python {
            command.env("AWS_CA_BUNDLE", &trust.all);
        }
        for (service, address) in &services.addresses {
            command.env(format!("AWS_ENDPOINT_URL_{service}"), format!("https://{address}"));
        }
        command.spawn()
    }

    /// The size of the binary, if it is a binary.
    pub(crate) fn binary(&self) -> io::Result<Option<u64>> {
        match self.kind {
            Kind::Function | Kind::Hello => Ok(Some(fs::metadata(&self.path)?.len())),
            Kind::Node | Kind::Python => Ok(None),
        }
    }

    /// The size of what is uploaded: the zipped binary, bundle or handler. boto3 is part of Lambda.
    pub(crate) fn zip(&self) -> io::Result<u64> {
        let file = match self.kind {
            Kind::Function | Kind::Hello => self.path.clone(),
            Kind::Node => self.path.join("index.js"),
            Kind::Python => Path::new(env!("CARGO_MANIFEST_DIR")).join("python/handler.py"),
        };
        let mut zip = std::process::Command::new("zip");
        let zipped = zip.args(["-9", "-q", "-j", "-"]).arg(file).output()?;
        if !zipped.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&zipped.stderr).into_owned()));
        }
        Ok(u64::try_from(zipped.stdout.len()).unwrap_or(u64::MAX))
    }
}
