variable "stack_name" {
  description = "Name of the stack. The log group and the dashboard are named after it."
  type        = string
  default     = "acm-dns-validator"
  nullable    = false
}

variable "code_bucket" {
  description = "Name of an S3 bucket for the code, in the region of the stack."
  type        = string
  nullable    = false
}

variable "code_prefix" {
  description = "What the key of the code in the bucket begins with."
  type        = string
  default     = "acm-dns-validator/"
  nullable    = false
}

variable "release" {
  description = "Directory with the files of a release. Null takes dist/ of this repository, where release/build writes them."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the stack and, by CloudFormation, of its resources."
  type        = map(string)
  default     = {}
  nullable    = false
}

locals {
  release = coalesce(var.release, "${path.module}/../../dist")
  code    = "${local.release}/bootstrap-${var.architecture}.zip"
}

# The key changes with the code, so that CloudFormation sees that the code changed. The old object goes last: a stack that rolls back
# needs it.
resource "aws_s3_object" "code" {
  bucket = var.code_bucket
  key    = "${var.code_prefix}bootstrap-${var.architecture}-${filesha256(local.code)}.zip"
  source = local.code

  lifecycle {
    create_before_destroy = true
  }
}

# A stack, and not a resource for each: the template is what is tested, and CloudFormation changes it as a whole or not at all.
resource "aws_cloudformation_stack" "this" {
  name          = var.stack_name
  template_body = file("${local.release}/acm-dns-validator.template.yaml")
  capabilities  = ["CAPABILITY_IAM"]
  tags          = var.tags

  parameters = merge(local.parameters, {
    CodeBucket = aws_s3_object.code.bucket
    CodeKey    = aws_s3_object.code.key
  })

  #checkov:skip=CKV_AWS_124:Terraform waits for the stack and reports what fails; nobody else needs to hear of it
}
