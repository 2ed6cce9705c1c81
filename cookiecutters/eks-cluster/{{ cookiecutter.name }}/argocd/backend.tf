terraform {
  # The bucket is named by ci/terraform. It encrypts with a key of its own: `encrypt` here would ask for another one.
  backend "s3" {
    key          = "argocd.tfstate"
    region       = "{{ cookiecutter.region }}"
    use_lockfile = true
  }
}
