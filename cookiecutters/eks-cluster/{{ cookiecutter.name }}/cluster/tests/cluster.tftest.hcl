mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }

  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "111122223333"
    }
  }

  mock_data "aws_iam_roles" {
    defaults = {
      arns = ["arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_AdministratorAccess_0"]
    }
  }
{% if cookiecutter.network == 'new' %}

  mock_data "aws_availability_zones" {
    defaults = {
      names = ["{{ cookiecutter.region }}a", "{{ cookiecutter.region }}b", "{{ cookiecutter.region }}c"]
    }
  }
{% else %}

  mock_data "aws_subnets" {
    defaults = {
      ids = ["subnet-b", "subnet-a"]
    }
  }
{% endif %}
}

override_module {
  target = module.eks

  outputs = {
    cluster_name    = "{{ cookiecutter.name }}-production"
    cluster_version = "1.35"
  }
}
{% if cookiecutter.network == 'new' %}

override_module {
  target = module.vpc

  outputs = {
    vpc_id                  = "vpc-1"
    private_subnets         = ["subnet-a", "subnet-b", "subnet-c"]
    intra_subnets           = ["subnet-d", "subnet-e", "subnet-f"]
    private_route_table_ids = ["rtb-1"]
  }
}

override_module {
  target = module.vpc_endpoints
}
{% endif %}
{% if cookiecutter.compute == 'managed' %}

override_module {
  target = module.ebs_csi

  outputs = {
    iam_role_arn = "arn:aws:iam::111122223333:role/ebs-csi"
  }
}

override_module {
  target = module.load_balancer_controller
}
{% endif %}

override_module {
  target = module.external_dns
}
{% if cookiecutter.argocd == 'capability' %}

override_module {
  target = module.argocd

  outputs = {
    iam_role_arn      = "arn:aws:iam::111122223333:role/argocd"
    argocd_server_url = "https://argocd.example.com"
  }
}
{% endif %}

variables {
  environment        = "production"
  kubernetes_version = "1.35"
{% if cookiecutter.network == 'new' %}
  vpc_cidr           = "10.20.0.0/16"
  zones              = ["{{ cookiecutter.region }}a", "{{ cookiecutter.region }}b", "{{ cookiecutter.region }}c"]
{% else %}
  vpc_name           = "shared"
{% endif %}
{% if cookiecutter.compute == 'managed' %}
  node_count         = { min = 2, desired = 2, max = 6 }
{% endif %}
{% if cookiecutter.argocd == 'capability' %}

  identity_center_arn = "arn:aws:sso:::instance/ssoins-0"
  argocd_admin_groups = ["00000000-0000-0000-0000-000000000000"]
{% endif %}
}

run "as_it_is" {
  command = plan

  assert {
    condition     = join(" ", keys(local.access_entries)) == "AWSReservedSSO_AdministratorAccess_0"
    error_message = "Administrators and nobody else get into the cluster"
  }

  assert {
    condition     = length(local.key_administrators) == 2
    error_message = "The key of secrets has other administrators"
  }
{% if cookiecutter.network == 'new' %}

  assert {
    condition     = length(distinct(flatten(values(local.subnets)))) == 9
    error_message = "Subnets share addresses"
  }
{% else %}

  assert {
    condition     = join(" ", local.node_subnet_ids) == "subnet-a subnet-b"
    error_message = "Subnets would change places when AWS lists them in another order"
  }
{% endif %}
{% if cookiecutter.compute == 'auto' %}

  assert {
    condition     = join(" ", keys(local.addons)) == "metrics-server"
    error_message = "Auto Mode brings the other add-ons"
  }
{% else %}

  assert {
    condition     = alltrue([for group in local.node_groups : group.metadata_options.http_tokens == "required"])
    error_message = "Nodes answer without a token"
  }

  assert {
    condition     = alltrue(flatten([for group in local.node_groups : [for device in group.block_device_mappings : device.ebs.encrypted]]))
    error_message = "Disks of nodes aren't encrypted"
  }

  assert {
    condition     = local.addons.aws-ebs-csi-driver.pod_identity_association[0].role_arn == "arn:aws:iam::111122223333:role/ebs-csi"
    error_message = "The driver of volumes has no rights"
  }
{% endif %}
}

run "the_api_is_not_open_to_everybody" {
  command = plan

  variables {
    public_access_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.public_access_cidrs]
}

run "somebody_has_to_administer_it" {
  command = plan

  override_data {
    target = data.aws_iam_roles.administrators
    values = {
      arns = []
    }
  }

  expect_failures = [data.aws_iam_roles.administrators]
}
{% if cookiecutter.network == 'new' %}

run "six_zones_fit" {
  command = plan

  variables {
    zones = ["a", "b", "c", "d", "e", "f"]
  }

  override_data {
    target = data.aws_availability_zones.this
    values = {
      names = ["a", "b", "c", "d", "e", "f"]
    }
  }

  assert {
    condition     = length(distinct(flatten(values(local.subnets)))) == 18
    error_message = "Subnets share addresses"
  }
}

run "the_account_has_to_have_the_zones" {
  command = plan

  override_data {
    target = data.aws_availability_zones.this
    values = {
      names = ["{{ cookiecutter.region }}a"]
    }
  }

  expect_failures = [data.aws_availability_zones.this]
}
{% else %}

run "the_network_has_to_have_subnets" {
  command = plan

  override_data {
    target = data.aws_subnets.nodes
    values = {
      ids = ["subnet-a"]
    }
  }

  expect_failures = [data.aws_subnets.nodes]
}
{% endif %}
