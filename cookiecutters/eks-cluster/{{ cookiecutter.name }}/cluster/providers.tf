provider "aws" {
  region = "{{ cookiecutter.region }}"

  default_tags {
    tags = {
      cluster    = local.cluster
      repository = "{{ cookiecutter.host }}/{{ cookiecutter.organisation }}/{{ cookiecutter.name }}"
      stack      = "cluster"
    }
  }
}
