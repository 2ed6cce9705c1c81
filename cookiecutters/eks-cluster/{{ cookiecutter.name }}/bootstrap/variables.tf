{% set environments = cookiecutter.environments.split('-') %}
variable "environment" {
  description = "Environment whose account gets a bucket for the state and roles for the pipeline"
  type        = string

  validation {
    condition     = contains([{% for environment in environments %}"{{ environment }}"{{ ', ' if not loop.last else '' }}{% endfor %}], var.environment)
    error_message = "The environments are {{ environments | join(', ') }}."
  }
}

variable "create_oidc_provider" {
  description = "Whether AWS still has to learn of {{ cookiecutter.host }}: an account knows it once, also for other repositories"
  type        = bool
  default     = true
}

variable "pipeline_applies" {
  description = "Whether there is a role with which the pipeline applies: not where nobody has to approve what it runs (docs/day-1.md)"
  type        = bool
  default     = true
}
