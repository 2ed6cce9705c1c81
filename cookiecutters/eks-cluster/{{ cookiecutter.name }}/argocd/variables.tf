{% set environments = cookiecutter.environments.split('-') %}
variable "environment" {
  description = "The environment, which names the cluster"
  type        = string

  validation {
    condition     = contains([{% for environment in environments %}"{{ environment }}"{{ ', ' if not loop.last else '' }}{% endfor %}], var.environment)
    error_message = "The environments are {{ environments | join(', ') }}."
  }
}
