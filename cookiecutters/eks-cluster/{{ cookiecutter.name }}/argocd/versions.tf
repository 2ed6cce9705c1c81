terraform {
  required_version = ">= 1.11" # locks in the state's bucket

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.42"
    }
{% if cookiecutter.applications == 'terraform' and cookiecutter.ci == 'github' %}
    github = {
      source  = "integrations/github"
      version = "~> 6.9"
    }
{% elif cookiecutter.applications == 'terraform' %}
    gitlab = {
      source  = "gitlabhq/gitlab"
      version = "~> 18.6"
    }
{% endif %}
    helm = {
      source  = "hashicorp/helm"
      version = "~> 3.1"
    }
  }
}
