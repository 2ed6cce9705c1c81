{% set environments = cookiecutter.environments.split('-') %}
variable "environment" {
  description = "The environment, which names the cluster"
  type        = string

  validation {
    condition     = contains([{% for environment in environments %}"{{ environment }}"{{ ', ' if not loop.last else '' }}{% endfor %}], var.environment)
    error_message = "The environments are {{ environments | join(', ') }}."
  }
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes, raised by one at a time (docs/upgrade.md)"
  type        = string

  validation {
    condition     = can(regex("^1\\.[0-9]+$", var.kubernetes_version))
    error_message = "A minor version such as 1.35 is needed."
  }
}

variable "support_type" {
  description = "At the end of standard support: STANDARD upgrades the control plane, EXTENDED waits and costs six times as much"
  type        = string
  default     = "STANDARD"

  validation {
    condition     = contains(["STANDARD", "EXTENDED"], var.support_type)
    error_message = "It is STANDARD or EXTENDED."
  }
}

variable "deletion_protection" {
  description = "Whether the cluster can't be deleted before this is switched off"
  type        = bool
  default     = true
}

variable "administrator_role_pattern" {
  description = "Regular expression for the names of the IAM roles that administer the cluster and its key"
  type        = string
  default     = "^AWSReservedSSO_AdministratorAccess_" # the permission set AdministratorAccess of IAM Identity Center
}

variable "public_access_cidrs" {
  description = "Addresses from which the API can be reached over the internet; without any, only from the network"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.public_access_cidrs : can(cidrnetmask(cidr)) && !endswith(cidr, "/0")])
    error_message = "IPv4 networks such as 203.0.113.7/32 are needed, and not all of the internet."
  }
}

variable "control_plane_logs" {
  description = "Which logs of the control plane are kept"
  type        = list(string)
  default     = ["api", "audit", "authenticator"]

  validation {
    condition     = length(setsubtract(var.control_plane_logs, ["api", "audit", "authenticator", "controllerManager", "scheduler"])) == 0
    error_message = "There are api, audit, authenticator, controllerManager and scheduler."
  }
}

variable "log_retention_days" {
  description = "How long logs of the control plane and of the network are kept"
  type        = number
  default     = 90
}

{% if cookiecutter.network == 'new' %}
variable "vpc_cidr" {
  description = "Addresses of the network, which no other network that it is connected to may have"
  type        = string

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && endswith(var.vpc_cidr, "/16")
    error_message = "A network such as 10.20.0.0/16 is needed."
  }
}

variable "zones" {
  description = "Availability zones that have subnets, by name: another one is added at the end, none is taken away"
  type        = list(string)

  validation {
    condition     = length(var.zones) >= 2 && length(var.zones) <= 6 && length(distinct(var.zones)) == length(var.zones)
    error_message = "EKS needs two zones; the plan of addresses has room for six."
  }
}

variable "single_nat_gateway" {
  description = "Whether all zones share a NAT gateway: cheaper, but nodes of all zones depend on one"
  type        = bool
  default     = false
}

variable "flow_logs" {
  description = "Whether connections in the network are logged"
  type        = bool
  default     = true
}
{% else %}
variable "vpc_name" {
  description = "The tag Name of the network. Subnets for nodes have the tag kubernetes.io/role/internal-elb = 1"
  type        = string
}
{% endif %}
{% if cookiecutter.compute == 'managed' %}

variable "instance_types" {
  description = "Types of the nodes, all of the same size; several give Spot more to choose from"
  type        = list(string)
  default     = ["m7i.large"]

  validation {
    condition     = length(var.instance_types) > 0
    error_message = "At least one type is needed."
  }
}

variable "ami_type" {
  description = "System of the nodes: AL2023_x86_64_STANDARD, or AL2023_ARM_64_STANDARD with types such as m7g.large"
  type        = string
  default     = "AL2023_x86_64_STANDARD"
}

variable "capacity_type" {
  description = "ON_DEMAND, or SPOT: cheaper, and taken away at short notice"
  type        = string
  default     = "ON_DEMAND"

  validation {
    condition     = contains(["ON_DEMAND", "SPOT"], var.capacity_type)
    error_message = "It is ON_DEMAND or SPOT."
  }
}

variable "node_count" {
  description = "How many nodes there are at least, at first, and at most"
  type = object({
    min     = number
    desired = number
    max     = number
  })

  validation {
    condition     = var.node_count.min <= var.node_count.desired && var.node_count.desired <= var.node_count.max
    error_message = "min, desired and max have to be in this order."
  }
}
{% else %}

variable "node_pools" {
  description = "Node pools that AWS brings: system is for add-ons, general-purpose for everything else"
  type        = list(string)
  default     = ["general-purpose", "system"]
}
{% endif %}

variable "dns_zone_arns" {
  description = "Hosted zones of Route 53 in which external-dns may write records"
  type        = list(string)
  default     = []
}
{% if cookiecutter.argocd == 'capability' %}

variable "identity_center_arn" {
  description = "The instance of IAM Identity Center in which people sign in to Argo CD, arn:aws:sso:::instance/…"
  type        = string
}

variable "identity_center_region" {
  description = "The region of that instance"
  type        = string
  default     = "{{ cookiecutter.region }}"
}

variable "argocd_admin_groups" {
  description = "Ids of groups in IAM Identity Center that administer Argo CD"
  type        = list(string)

  validation {
    condition     = length(var.argocd_admin_groups) > 0
    error_message = "Without a group nobody could administer Argo CD."
  }
}
{% endif %}
