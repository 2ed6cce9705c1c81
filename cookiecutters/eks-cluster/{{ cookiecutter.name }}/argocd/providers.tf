provider "aws" {
  region = "{{ cookiecutter.region }}"
}

provider "helm" {
  kubernetes = {
    host                   = data.aws_eks_cluster.this.endpoint
    cluster_ca_certificate = base64decode(data.aws_eks_cluster.this.certificate_authority[0].data)
    exec = {
      api_version = "client.authentication.k8s.io/v1beta1"
      command     = "aws"
      args        = ["eks", "get-token", "--region", "{{ cookiecutter.region }}", "--cluster-name", local.cluster]
    }
  }
}
{% if cookiecutter.applications == 'terraform' and cookiecutter.ci == 'github' %}

# The variable GITHUB_TOKEN has the token of somebody who may create repositories.
provider "github" {
  owner = "{{ cookiecutter.organisation }}"
{% if cookiecutter.host != 'github.com' %}
  base_url = "https://{{ cookiecutter.host }}/"
{% endif %}
}
{% elif cookiecutter.applications == 'terraform' %}

# The variable GITLAB_TOKEN has the token of somebody who may create projects in the group.
provider "gitlab" {
  base_url = "https://{{ cookiecutter.host }}/api/v4/"
}
{% endif %}
