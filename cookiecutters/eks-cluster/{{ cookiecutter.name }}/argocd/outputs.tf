output "repository" {
  description = "What Argo CD deploys from"
  value       = local.values.repository
}
