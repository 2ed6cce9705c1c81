locals {
  cluster = "{{ cookiecutter.name }}-${var.environment}"
{% if cookiecutter.applications == 'template' %}

  # What the cluster deploys: made by the Template or the skeleton gitops-repository (docs/day-1.md).
  repository = "https://{{ cookiecutter.host }}/{{ cookiecutter.organisation }}/${local.cluster}-apps"
{% endif %}

  # The same as argocd/root.yaml of that repository, which takes over from here, and what has to be there before it.
  values = {
    repository  = {{ 'local.repository' if cookiecutter.applications == 'template' else 'local.repository.url' }}
    destination = {{ '"https://kubernetes.default.svc"' if cookiecutter.argocd == 'self' else 'data.aws_eks_cluster.this.arn' }}
  }
}

data "aws_eks_cluster" "this" {
  name = local.cluster
}
{% if cookiecutter.argocd == 'self' %}

# The same release, chart and version as platform/argocd of the GitOps repository, from which Argo CD goes on by itself:
# nothing of it is changed from here again.
resource "helm_release" "argocd" {
  name             = "argocd"
  namespace        = "argocd"
  create_namespace = true
  repository       = "https://argoproj.github.io/argo-helm"
  chart            = "argo-cd"
  version          = "10.1.0"
  atomic           = true
  timeout          = 900

  values = [
    yamlencode({
      configs = {
        cm = {
          "application.resourceTrackingMethod" = "annotation"
        }
      }
    })
  ]

  lifecycle {
    ignore_changes = all
  }
}
{% endif %}

resource "helm_release" "root" {
  name             = "root"
  namespace        = "argocd"
  create_namespace = {{ 'false' if cookiecutter.argocd == 'self' else 'true' }}
  chart            = "${path.module}/chart"
  values           = [yamlencode(local.values)]
{% if cookiecutter.argocd == 'self' %}

  depends_on = [helm_release.argocd]
{% endif %}
}
