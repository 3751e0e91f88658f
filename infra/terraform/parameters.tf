# Made of template.yaml by infra/check/terraform --write.

variable "allowed_domains" {
  description = "Domains such as example.com, without wildcards. Only they and the names below them are served. Empty serves all."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = can(regex("^(|[a-z0-9_-]+(\\.[a-z0-9_-]+)*(,[a-z0-9_-]+(\\.[a-z0-9_-]+)*)*)$", join(",", var.allowed_domains)))
    error_message = "allowed_domains must be domains in lower case, without wildcards."
  }
}

variable "certificate_tag" {
  description = "Tag key=value that a certificate must have to be served. Empty serves all that are not tagged acm-dns-validator:skip."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(|[^=]+=.*)$", var.certificate_tag))
    error_message = "certificate_tag must be key=value."
  }
}

variable "hosted_zone_tag" {
  description = "Tag key=value that a hosted zone must have to be considered. Empty considers all public zones."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(|[^=]+=.*)$", var.hosted_zone_tag))
    error_message = "hosted_zone_tag must be key=value."
  }
}

variable "hosted_zone_accounts_tag" {
  description = "Key of the tag by which a hosted zone lists the accounts, separated by spaces, whose certificates may have records in it. A zone without the tag takes the account of this stack only. Empty sets no such limit."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^[^=]{0,128}$", var.hosted_zone_accounts_tag))
    error_message = "hosted_zone_accounts_tag must be the key of a tag, without an equals sign and a value."
  }
}

variable "hosted_zone_ids" {
  description = "Ids of the only hosted zones of this account that IAM allows the function to write to. Empty allows all."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = can(regex("^(|Z[A-Z0-9]{1,31}(,Z[A-Z0-9]{1,31})*)$", join(",", var.hosted_zone_ids)))
    error_message = "hosted_zone_ids must be hosted zone ids such as Z1PA6795UKMFR9."
  }
}

variable "regions" {
  description = "Regions to sweep every hour for pending certificates. Empty sweeps the region of this stack."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = can(regex("^(|[a-z]+(-[a-z]+)+-[0-9]{1,2}(,[a-z]+(-[a-z]+)+-[0-9]{1,2})*)$", join(",", var.regions)))
    error_message = "regions must be regions such as eu-west-1."
  }
}

variable "hosted_zone_role_arns" {
  description = "Roles to assume for hosted zones of other accounts (infra/dns-account.yaml creates one). Empty uses this account only."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = can(regex("^(|arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=.@_/-]+(,arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=.@_/-]+)*)$", join(",", var.hosted_zone_role_arns)))
    error_message = "hosted_zone_role_arns must be ARNs of IAM roles."
  }
}

variable "certificate_role_name" {
  description = "Role to assume for certificates of other accounts (infra/member-account.yaml creates it). Empty refuses them."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(|[A-Za-z0-9+=,.@_-]([A-Za-z0-9+=,.@_/-]*[A-Za-z0-9+=,.@_-])?)$", var.certificate_role_name))
    error_message = "certificate_role_name must be the name of an IAM role, with its path if it has one, without a leading slash."
  }
}

variable "accounts" {
  description = "Accounts to serve and to sweep besides this one; no others are served then. organization means all active accounts of the organization, however many. Needs CertificateRoleName. Empty serves every account that has the role. Lambda's variables have at most 4,096 bytes in all."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = can(regex("^(|organization|[0-9]{12}(,[0-9]{12})*)$", join(",", var.accounts)))
    error_message = "accounts must be account ids of twelve digits, or organization."
  }
}

variable "organization_role_arn" {
  description = "With Accounts=organization: role to assume for listing the accounts, in the management account or a delegated administrator's. Empty lists them as the function, whose account must be one of these."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(|arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=.@_/-]+)$", var.organization_role_arn))
    error_message = "organization_role_arn must be the ARN of an IAM role."
  }
}

variable "sweep_accounts" {
  description = "Accounts to sweep besides this one, if Accounts is empty. Needs CertificateRoleName. At most 315, since CloudFormation accepts 4,096 bytes; Accounts=organization has no such limit."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = can(regex("^(|[0-9]{12}(,[0-9]{12})*)$", join(",", var.sweep_accounts)))
    error_message = "sweep_accounts must be account ids of twelve digits."
  }
}

variable "record_ttl" {
  description = "TTL in seconds of the records the function writes."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.record_ttl == floor(var.record_ttl) && var.record_ttl >= 0 && var.record_ttl <= 2147483647
    error_message = "record_ttl must be a whole number from 0 to 2147483647."
  }
}

variable "dns_resolvers" {
  description = "Recursive resolvers that are asked what public DNS says. Empty asks those of the Lambda environment; none never asks."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = can(regex("^(|none|[0-9A-Fa-f.:[\\]]+(,[0-9A-Fa-f.:[\\]]+)*)$", join(",", var.dns_resolvers)))
    error_message = "dns_resolvers must be IP addresses, each with a port if it is not 53, or none."
  }
}

variable "dry_run" {
  description = "Check and report, but write and schedule nothing. IAM then grants no permission to write or schedule."
  type        = bool
  default     = false
  nullable    = false
}

variable "event_bus" {
  description = "Name or ARN of the event bus for the function's own events. none publishes nothing."
  type        = string
  default     = "default"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9/.:_-]{1,1000}[A-Za-z0-9/.:_-]{0,600}$", var.event_bus))
    error_message = "event_bus must be the name or ARN of an event bus, or none."
  }
}

variable "organization_id" {
  description = "Organization whose accounts may forward events here, and have certificate roles to assume. Empty lets none forward."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(|o-[a-z0-9]{10,32})$", var.organization_id))
    error_message = "organization_id must be the id of an organization, such as o-a1b2c3d4e5."
  }
}

variable "organization_queue" {
  description = "Collect events, checks and sweeps in an SQS queue and check certificates in batches. For hundreds of certificates an hour."
  type        = bool
  default     = false
  nullable    = false
}

variable "organization_queue_concurrency" {
  description = "The most concurrent batches of the queue. Route 53 accepts about ten calls a second from a whole account."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.organization_queue_concurrency == floor(var.organization_queue_concurrency) && var.organization_queue_concurrency >= 2 && var.organization_queue_concurrency <= 1000
    error_message = "organization_queue_concurrency must be a whole number from 2 to 1000."
  }
}

variable "architecture" {
  description = "Processor architecture the function is built for."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be one of x86_64, arm64."
  }
}

variable "memory_size" {
  description = "Memory in MB. The function needs about 10; more memory also means more CPU."
  type        = number
  default     = 128
  nullable    = false

  validation {
    condition     = var.memory_size == floor(var.memory_size) && var.memory_size >= 128 && var.memory_size <= 10240
    error_message = "memory_size must be a whole number from 128 to 10240."
  }
}

variable "reserved_concurrency" {
  description = "The most concurrent invocations, reserved from the account's pool. Empty reserves and limits nothing."
  type        = number
  default     = null

  validation {
    condition     = can(regex("^(|[1-9][0-9]{0,3})$", var.reserved_concurrency == null ? "" : tostring(var.reserved_concurrency)))
    error_message = "reserved_concurrency must be a whole number from 1 to 9999."
  }
}

variable "log_level" {
  description = "Lowest level to log."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"], var.log_level)
    error_message = "log_level must be one of TRACE, DEBUG, INFO, WARN, ERROR."
  }
}

variable "log_retention_days" {
  description = "Days to keep the log."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "audit_schedule" {
  description = "When to audit every certificate and every validation record within reach: a rate or cron expression of EventBridge Scheduler, in UTC. Empty never does."
  type        = string
  default     = "cron(17 4 ? * MON *)"
  nullable    = false

  validation {
    condition     = can(regex("^(|(rate|cron)\\([^()]+\\))$", var.audit_schedule))
    error_message = "audit_schedule must be a rate or cron expression, such as rate(7 days) or cron(17 4 ? * MON *)."
  }
}

variable "notification_email" {
  description = "E-mail address that gets a sentence about each certificate that is blocked, failed or timed out, and the summary of each audit. SNS asks it to confirm first. Empty mails nobody."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(|[^@\\s]+@[^@\\s]+\\.[^@\\s]+)$", var.notification_email))
    error_message = "notification_email must be an e-mail address."
  }
}

variable "notification_topic_arn" {
  description = "SNS topic in this region that gets the same texts instead. Its policy must let events.amazonaws.com publish. Empty sends nothing."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(|arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256})$", var.notification_topic_arn))
    error_message = "notification_topic_arn must be the ARN of an SNS topic."
  }
}

variable "alarm_topic_arn" {
  description = "SNS topic in this region that alarms are sent to. Empty shows them in CloudWatch only."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(|arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256})$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS topic."
  }
}

variable "dashboard" {
  description = "Create a CloudWatch dashboard, and the read-only function behind its list of certificates. CloudWatch charges for more than three in an account."
  type        = bool
  default     = true
  nullable    = false
}

# What the stack gets.
locals {
  parameters = {
    AllowedDomains               = join(",", var.allowed_domains)
    CertificateTag               = var.certificate_tag
    HostedZoneTag                = var.hosted_zone_tag
    HostedZoneAccountsTag        = var.hosted_zone_accounts_tag
    HostedZoneIds                = join(",", var.hosted_zone_ids)
    Regions                      = join(",", var.regions)
    HostedZoneRoleArns           = join(",", var.hosted_zone_role_arns)
    CertificateRoleName          = var.certificate_role_name
    Accounts                     = join(",", var.accounts)
    OrganizationRoleArn          = var.organization_role_arn
    SweepAccounts                = join(",", var.sweep_accounts)
    RecordTtl                    = tostring(var.record_ttl)
    DnsResolvers                 = join(",", var.dns_resolvers)
    DryRun                       = tostring(var.dry_run)
    EventBus                     = var.event_bus
    OrganizationId               = var.organization_id
    OrganizationQueue            = tostring(var.organization_queue)
    OrganizationQueueConcurrency = tostring(var.organization_queue_concurrency)
    Architecture                 = var.architecture
    MemorySize                   = tostring(var.memory_size)
    ReservedConcurrency          = var.reserved_concurrency == null ? "" : tostring(var.reserved_concurrency)
    LogLevel                     = var.log_level
    LogRetentionDays             = tostring(var.log_retention_days)
    AuditSchedule                = var.audit_schedule
    NotificationEmail            = var.notification_email
    NotificationTopicArn         = var.notification_topic_arn
    AlarmTopicArn                = var.alarm_topic_arn
    Dashboard                    = tostring(var.dashboard)
  }
}
