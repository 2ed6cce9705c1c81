# Roles of service accounts. What runs under them, Argo CD installs{{ ', but for the driver of volumes' if cookiecutter.compute == 'managed' else '' }}.

{% if cookiecutter.compute == 'managed' %}
module "ebs_csi" {
  source  = "terraform-aws-modules/eks-pod-identity/aws"
  version = "~> 2.8"

  name               = "${local.cluster}-ebs-csi"
  use_name_prefix    = false
  policy_name_prefix = "${local.cluster}-"

  attach_aws_ebs_csi_policy = true # the add-on associates it
}

module "load_balancer_controller" {
  source  = "terraform-aws-modules/eks-pod-identity/aws"
  version = "~> 2.8"

  name               = "${local.cluster}-load-balancers"
  use_name_prefix    = false
  policy_name_prefix = "${local.cluster}-"

  attach_aws_lb_controller_policy = true

  associations = {
    this = {
      cluster_name    = module.eks.cluster_name
      namespace       = "kube-system"
      service_account = "aws-load-balancer-controller"
    }
  }
}

{% endif %}
module "external_dns" {
  source  = "terraform-aws-modules/eks-pod-identity/aws"
  version = "~> 2.8"

  create = length(var.dns_zone_arns) > 0

  name               = "${local.cluster}-external-dns"
  use_name_prefix    = false
  policy_name_prefix = "${local.cluster}-"

  attach_external_dns_policy    = true
  external_dns_hosted_zone_arns = var.dns_zone_arns

  associations = {
    this = {
      cluster_name    = module.eks.cluster_name
      namespace       = "kube-system"
      service_account = "external-dns"
    }
  }
}
