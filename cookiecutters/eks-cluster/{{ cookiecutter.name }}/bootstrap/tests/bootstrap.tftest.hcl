mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "111122223333"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }
}

override_module {
  target = module.state_key

  outputs = {
    key_arn = "arn:aws:kms:{{ cookiecutter.region }}:111122223333:key/state"
  }
}

override_module {
  target = module.state_bucket

  outputs = {
    s3_bucket_id  = "state"
    s3_bucket_arn = "arn:aws:s3:::state"
  }
}

override_module {
  target = module.oidc_provider
}

override_module {
  target = module.plan_role

  outputs = {
    arn = "arn:aws:iam::111122223333:role/plan"
  }
}

override_module {
  target = module.apply_role

  outputs = {
    arn = "arn:aws:iam::111122223333:role/apply"
  }
}

variables {
  environment = "production"
}

run "only_this_repository_applies" {
  command = plan

  assert {
    condition     = local.appliers == ["{{ 'repo' if cookiecutter.ci == 'github' else 'project_path' }}:{{ cookiecutter.organisation }}/{{ cookiecutter.name }}:{{ 'environment:production' if cookiecutter.ci == 'github' else 'ref_type:branch:ref:main' }}"]
    error_message = "Others could change the account"
  }

  assert {
    condition     = length(local.bucket) <= 63 && endswith(local.bucket, "-production-tfstate")
    error_message = "S3 refuses the name of the bucket"
  }

  assert {
    condition     = aws_ebs_encryption_by_default.this.enabled
    error_message = "Volumes wouldn't be encrypted"
  }
}

run "an_environment_has_to_be_known" {
  command = plan

  variables {
    environment = "prod"
  }

  expect_failures = [var.environment]
}
