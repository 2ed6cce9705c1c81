mock_provider "aws" {
  mock_data "aws_eks_cluster" {
    defaults = {
      arn                   = "arn:aws:eks:{{ cookiecutter.region }}:111122223333:cluster/{{ cookiecutter.name }}-production"
      endpoint              = "https://cluster.example.com"
      certificate_authority = [{ data = "Y2VydGlmaWNhdGU=" }]
    }
  }
}

mock_provider "helm" {}
{% if cookiecutter.applications == 'terraform' and cookiecutter.ci == 'github' %}

mock_provider "github" {
  mock_resource "github_repository" {
    defaults = {
      html_url = "https://{{ cookiecutter.host }}/{{ cookiecutter.organisation }}/{{ cookiecutter.name }}-production-apps"
    }
  }
}
{% elif cookiecutter.applications == 'terraform' %}

mock_provider "gitlab" {
  mock_resource "gitlab_project" {
    defaults = {
      web_url = "https://{{ cookiecutter.host }}/{{ cookiecutter.organisation }}/{{ cookiecutter.name }}-production-apps"
    }
  }
}
{% endif %}

variables {
  environment = "production"
}

run "argo_cd_begins_with_the_repository_of_the_cluster" {
  assert {
    condition     = output.repository == "https://{{ cookiecutter.host }}/{{ cookiecutter.organisation }}/{{ cookiecutter.name }}-production-apps"
    error_message = "Argo CD would deploy something else"
  }

  assert {
    condition     = yamldecode(helm_release.root.values[0]).destination == {{ '"https://kubernetes.default.svc"' if cookiecutter.argocd == 'self' else 'data.aws_eks_cluster.this.arn' }}
    error_message = "Argo CD would deploy elsewhere"
  }
}
{% if cookiecutter.applications == 'terraform' %}

run "the_repository_is_private" {
  command = plan

  assert {
{% if cookiecutter.ci == 'github' %}
    condition     = github_repository.apps.visibility == "private" && github_repository_ruleset.main.enforcement == "active"
{% else %}
    condition     = gitlab_project.apps.visibility_level == "private"
{% endif %}
    error_message = "Everybody could see what runs"
  }
}
{% endif %}
