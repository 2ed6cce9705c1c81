{% set slug = cookiecutter.organisation ~ '/' ~ cookiecutter.name %}
{% set issuer = 'token.actions.githubusercontent.com' if cookiecutter.host == 'github.com' else cookiecutter.host ~ '/_services/token' if cookiecutter.ci == 'github' else cookiecutter.host %}
locals {
  cluster = "{{ cookiecutter.name }}-${var.environment}"
  bucket  = "{{ cookiecutter.state_bucket }}-${var.environment}-tfstate"
  issuer  = "{{ issuer }}"
  account = data.aws_caller_identity.current.account_id
  aws     = "arn:${data.aws_partition.current.partition}"

{% if cookiecutter.ci == 'github' %}
  # Who may plan: pull requests of this repository and its branch main. Who may apply: jobs of the environment, which
  # GitHub starts when its reviewers agree.
  planners = ["repo:{{ slug }}:pull_request", "repo:{{ slug }}:ref:refs/heads/main"]
  appliers = ["repo:{{ slug }}:environment:${var.environment}"]
{% else %}
  # Who may plan: each branch of this project. Who may apply: its branch main, whose jobs GitLab starts for those who may
  # deploy to the protected environment.
  planners = ["project_path:{{ slug }}:ref_type:branch:ref:*"]
  appliers = ["project_path:{{ slug }}:ref_type:branch:ref:main"]
{% endif %}
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# All volumes of the account in this region are encrypted, those of nodes and of services too, whatever asks for them.
resource "aws_ebs_encryption_by_default" "this" {
  enabled = true
}
