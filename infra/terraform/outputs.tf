# Made of template.yaml by infra/check/terraform --write.

output "function_arn" {
  description = "ARN of the function. Invoke it by hand with any event of events/."
  value       = aws_cloudformation_stack.this.outputs["FunctionArn"]
}

output "function_role_arn" {
  description = "ARN of the function's role, which the roles of infra/dns-account.yaml and infra/member-account.yaml trust"
  value       = aws_cloudformation_stack.this.outputs["FunctionRoleArn"]
}

output "overview_role_arn" {
  description = "ARN of the role behind the dashboard's list of certificates, parameter OverviewRoleArn of the same two templates"
  value       = lookup(aws_cloudformation_stack.this.outputs, "OverviewRoleArn", null)
}

output "event_bus_arn" {
  description = "ARN of the event bus that infra/region-forwarder.yaml and infra/member-account.yaml forward to"
  value       = aws_cloudformation_stack.this.outputs["EventBusArn"]
}

output "schedule_group_name" {
  description = "The schedule group with the scheduled checks"
  value       = aws_cloudformation_stack.this.outputs["ScheduleGroupName"]
}

output "dead_letter_queue_url" {
  description = "The queue of events and sweeps that could not be delivered or processed"
  value       = aws_cloudformation_stack.this.outputs["DeadLetterQueueUrl"]
}

output "organization_queue_url" {
  description = "The queue that collects events, checks and sweeps"
  value       = lookup(aws_cloudformation_stack.this.outputs, "OrganizationQueueUrl", null)
}

output "log_group_name" {
  description = "The function's log group"
  value       = aws_cloudformation_stack.this.outputs["LogGroupName"]
}
