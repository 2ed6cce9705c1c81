kubernetes_version  = "1.35"
support_type        = "STANDARD"
deletion_protection = true
public_access_cidrs = []
log_retention_days  = 90

{% if cookiecutter.network == 'new' %}
vpc_cidr           = "10.22.0.0/16"
zones              = ["{{ cookiecutter.region }}a", "{{ cookiecutter.region }}b", "{{ cookiecutter.region }}c"]
single_nat_gateway = false
flow_logs          = true
{% else %}
vpc_name = "{{ cookiecutter.name }}-production"
{% endif %}
{% if cookiecutter.compute == 'managed' %}

instance_types = ["m7i.large"]
capacity_type  = "ON_DEMAND"
node_count     = { min = 3, desired = 3, max = 9 }
{% endif %}
