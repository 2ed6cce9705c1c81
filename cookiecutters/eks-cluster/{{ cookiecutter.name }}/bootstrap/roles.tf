module "oidc_provider" {
  source  = "terraform-aws-modules/iam/aws//modules/iam-oidc-provider"
  version = "~> 6.5"

  create         = var.create_oidc_provider
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

# Reads, and nothing else: it plans with -lock=false.
module "plan_role" {
  source  = "terraform-aws-modules/iam/aws//modules/iam-role"
  version = "~> 6.5"

  name            = "terraform-plan-${local.cluster}"
  use_name_prefix = false
  description     = "The pipeline plans changes of ${local.cluster}"

  enable_oidc        = true
  oidc_provider_urls = [local.issuer]
  oidc_audiences     = ["sts.amazonaws.com"]
{% if cookiecutter.ci == 'github' %}
  oidc_subjects      = local.planners
{% else %}

  oidc_wildcard_subjects = local.planners
{% endif %}

  create_inline_policy = true
  inline_policy_permissions = {
    state = {
      actions   = ["s3:GetObject", "s3:ListBucket"]
      resources = [module.state_bucket.s3_bucket_arn, "${module.state_bucket.s3_bucket_arn}/cluster.tfstate"]
    }
    key = {
      actions   = ["kms:Decrypt"]
      resources = [module.state_key.key_arn]
    }
    cluster = {
      actions = [
        "autoscaling:Describe*",
        "ec2:Describe*",
        "eks:Describe*",
        "eks:List*",
        "iam:Get*",
        "iam:List*",
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:List*",
        "logs:Describe*",
        "logs:ListTagsForResource",
        "ssm:GetParameter",
      ]
      resources = ["*"]
    }
  }
}

# Everything but IAM, and of IAM what is named as the cluster is. Who gives roles to a cluster can still make one that may
# more: whoever may apply administers the account, so each environment should have an account of its own.
module "apply_role" {
  source  = "terraform-aws-modules/iam/aws//modules/iam-role"
  version = "~> 6.5"

  create = var.pipeline_applies

  name                 = "terraform-apply-${local.cluster}"
  use_name_prefix      = false
  description          = "The pipeline changes ${local.cluster}"
  max_session_duration = 7200 # a new cluster takes half an hour, an upgrade more

  enable_oidc        = true
  oidc_provider_urls = [local.issuer]
  oidc_audiences     = ["sts.amazonaws.com"]
  oidc_subjects      = local.appliers

  policies = {
    power_user = "${local.aws}:iam::aws:policy/PowerUserAccess"
  }

  create_inline_policy = true
  inline_policy_permissions = {
    read = {
      actions   = ["iam:Get*", "iam:List*"]
      resources = ["*"]
    }
    roles = {
      actions = [
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PassRole",
        "iam:PutRolePolicy",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
      ]
      resources = ["${local.aws}:iam::${local.account}:role/${local.cluster}-*"]
    }
    policies = {
      actions = [
        "iam:CreatePolicy",
        "iam:CreatePolicyVersion",
        "iam:DeletePolicy",
        "iam:DeletePolicyVersion",
        "iam:TagPolicy",
        "iam:UntagPolicy",
      ]
      resources = ["${local.aws}:iam::${local.account}:policy/${local.cluster}-*"]
    }
  }
}
