//! Starts this program again as a function on Lambda: Lambda's runtime client reads the environment when it
//! starts.

use std::io;
use std::process::Command;

/// This program with these arguments, and the environment of a function whose Runtime API is at `address`.
pub(crate) fn this_program(arguments: &[String], address: &str) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(arguments)
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "acm-dns-validator")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "group");
    Ok(command)
}
