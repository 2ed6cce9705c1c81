output "state_bucket" {
  description = "Where the state is"
  value       = module.state_bucket.s3_bucket_id
}

output "account_id" {
  description = "The account, which the pipeline has to know (docs/day-1.md)"
  value       = local.account
}

output "plan_role_arn" {
  description = "What the pipeline plans with"
  value       = module.plan_role.arn
}

output "apply_role_arn" {
  description = "What the pipeline applies with, if it does"
  value       = module.apply_role.arn
}
