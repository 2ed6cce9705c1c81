output "cluster_name" {
  description = "Name of the cluster: aws eks update-kubeconfig --name"
  value       = module.eks.cluster_name
}

output "cluster_version" {
  description = "Version of the control plane"
  value       = module.eks.cluster_version
}

output "vpc_id" {
  description = "The network of the cluster"
  value       = local.vpc_id
}
{% if cookiecutter.compute == 'managed' %}

output "load_balancer_values" {
  description = "Values for platform/aws-load-balancer-controller of the GitOps repository: it can't ask a node for them"
  value = yamlencode({
    aws-load-balancer-controller = {
      clusterName = module.eks.cluster_name
      region      = "{{ cookiecutter.region }}"
      vpcId       = local.vpc_id
      ingressClassConfig = {
        default = true
      }
      serviceAccount = {
        name = "aws-load-balancer-controller" # EKS Pod Identity gives this account its rights
      }
    }
  })
}
{% endif %}
{% if cookiecutter.argocd == 'capability' %}

output "cluster_arn" {
  description = "By which Argo CD knows the cluster"
  value       = module.eks.cluster_arn
}

output "argocd_url" {
  description = "Where people sign in to Argo CD"
  value       = module.argocd.argocd_server_url
}
{% endif %}
