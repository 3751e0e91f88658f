# The function, certificates and hosted zones in one account.

provider "aws" {
  region = "eu-central-1"
}

variable "code_bucket" {
  description = "Name of an S3 bucket in eu-central-1."
  type        = string
}

module "acm_dns_validator" {
  source = "../.."

  code_bucket        = var.code_bucket
  regions            = ["eu-central-1", "us-east-1"]
  allowed_domains    = ["example.com"]
  notification_email = "dns@example.com"
  dry_run            = true # writes nothing: remove it when the log says what you expect
}

output "function_arn" {
  description = "ARN of the function."
  value       = module.acm_dns_validator.function_arn
}
