locals {
  # The role of the pipeline isn't among them: it talks to AWS, not to the cluster.
  access_entries = {
    for name, arn in local.administrators : name => {
      principal_arn = arn
      policy_associations = {
        admin = {
          policy_arn   = "arn:${data.aws_partition.current.partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
          access_scope = { type = "cluster" }
        }
      }
    }
  }

  # Named, not "whoever runs this": else each plan by another role would want to change the key.
  key_administrators = concat(
    ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/terraform-apply-${local.cluster}"],
    sort(values(local.administrators)),
  )
{% if cookiecutter.compute == 'auto' %}

  # Auto Mode has the network, DNS, volumes, load balancers and Pod Identity built in.
  addons = {
    metrics-server = {} # for HorizontalPodAutoscalers
  }
{% else %}

  addons = {
    coredns = {}
    eks-pod-identity-agent = {
      before_compute = true
    }
    kube-proxy = {}
    vpc-cni = {
      before_compute       = true
      configuration_values = jsonencode({ enableNetworkPolicy = "true" })
    }
    aws-ebs-csi-driver = {
      pod_identity_association = [
        {
          role_arn        = module.ebs_csi.iam_role_arn
          service_account = "ebs-csi-controller-sa"
        }
      ]
    }
    metrics-server = {} # for HorizontalPodAutoscalers
  }

  node_groups = {
    default = {
      ami_type       = var.ami_type
      instance_types = var.instance_types
      capacity_type  = var.capacity_type

      min_size     = var.node_count.min
      desired_size = var.node_count.desired # AWS counts after the first time
      max_size     = var.node_count.max

      iam_role_name            = "${local.cluster}-nodes"
      iam_role_use_name_prefix = false

      # IMDSv2, and only for the node itself: what a pod may, Pod Identity says.
      metadata_options = {
        http_endpoint               = "enabled"
        http_tokens                 = "required"
        http_put_response_hop_limit = 1
      }

      block_device_mappings = {
        root = {
          device_name = "/dev/xvda"
          ebs = {
            volume_type           = "gp3"
            volume_size           = 50
            encrypted             = true
            delete_on_termination = true
          }
        }
      }

      update_config = {
        max_unavailable_percentage = 33
      }

      node_repair_config = {
        enabled = true
      }
    }
  }
{% endif %}
}

module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 21.19"

  name               = local.cluster
  kubernetes_version = var.kubernetes_version
  upgrade_policy = {
    support_type = var.support_type
  }
  deletion_protection = var.deletion_protection

  vpc_id                   = local.vpc_id
  subnet_ids               = local.node_subnet_ids
  control_plane_subnet_ids = local.control_plane_subnet_ids
  zonal_shift_config = {
    enabled = true
  }

  endpoint_private_access      = true
  endpoint_public_access       = length(var.public_access_cidrs) > 0
  endpoint_public_access_cidrs = length(var.public_access_cidrs) > 0 ? var.public_access_cidrs : null

  authentication_mode = "API"
  access_entries      = local.access_entries
  enable_irsa         = false # Pod Identity instead

  # Secrets are encrypted with a key of the cluster's own, which is made here and rotated.
  encryption_config = {
    resources = ["secrets"]
  }
  kms_key_administrators          = local.key_administrators
  kms_key_deletion_window_in_days = 30

  enabled_log_types                      = var.control_plane_logs
  cloudwatch_log_group_retention_in_days = var.log_retention_days

  addons = local.addons
{% if cookiecutter.compute == 'auto' %}

  compute_config = {
    enabled    = true
    node_pools = var.node_pools
  }
{% else %}

  eks_managed_node_groups = local.node_groups
{% endif %}

  # The pipeline may change roles and policies whose names begin with the cluster's.
  iam_role_name                     = "${local.cluster}-cluster"
  iam_role_use_name_prefix          = false
  encryption_policy_name            = "${local.cluster}-encryption"
  encryption_policy_use_name_prefix = false
{% if cookiecutter.compute == 'auto' %}
  node_iam_role_name                = "${local.cluster}-nodes"
  node_iam_role_use_name_prefix     = false
{% endif %}
}
