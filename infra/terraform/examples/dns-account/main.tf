# The function and the certificates in one account, the hosted zones in another one.

provider "aws" {
  region = "eu-central-1"
}

# CloudTrail records the calls of Route 53 in us-east-1 only.
provider "aws" {
  alias  = "dns"
  region = "us-east-1"

  assume_role {
    role_arn = var.dns_account_role_arn
  }
}

variable "code_bucket" {
  description = "Name of an S3 bucket in eu-central-1."
  type        = string
}

variable "dns_account_role_arn" {
  description = "Role in the account of the hosted zones that Terraform deploys with."
  type        = string
}

data "aws_caller_identity" "dns" {
  provider = aws.dns
}

data "aws_partition" "dns" {
  provider = aws.dns
}

locals {
  # By its name, and not by the output of its stack: that one needs the function's role first.
  zone_role     = "acm-dns-validator-zones"
  zone_role_arn = "arn:${data.aws_partition.dns.partition}:iam::${data.aws_caller_identity.dns.account_id}:role/${local.zone_role}"
  domains       = ["example.com"]
}

module "acm_dns_validator" {
  source = "../.."

  code_bucket           = var.code_bucket
  hosted_zone_role_arns = [local.zone_role_arn]
  allowed_domains       = local.domains
}

resource "aws_cloudformation_stack" "zones" {
  provider = aws.dns

  name          = "acm-dns-validator-zones"
  template_body = file("${path.module}/../../../dns-account.yaml")
  capabilities  = ["CAPABILITY_NAMED_IAM"]

  parameters = {
    FunctionRoleArn = module.acm_dns_validator.function_role_arn
    OverviewRoleArn = module.acm_dns_validator.overview_role_arn
    ZoneRoleName    = local.zone_role
    AllowedDomains  = join(",", local.domains)
  }

  #checkov:skip=CKV_AWS_124:Terraform waits for the stack and reports what fails; nobody else needs to hear of it
}

output "function_arn" {
  description = "ARN of the function."
  value       = module.acm_dns_validator.function_arn
}
