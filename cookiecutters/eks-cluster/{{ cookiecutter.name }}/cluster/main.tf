locals {
  cluster = "{{ cookiecutter.name }}-${var.environment}"

  administrators = { for arn in data.aws_iam_roles.administrators.arns : element(split("/", arn), -1) => arn }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_iam_roles" "administrators" {
  name_regex = var.administrator_role_pattern

  lifecycle {
    postcondition {
      condition     = length(self.arns) > 0
      error_message = "No role is named like ${var.administrator_role_pattern}: nobody could administer the cluster. Set administrator_role_pattern."
    }
  }
}
