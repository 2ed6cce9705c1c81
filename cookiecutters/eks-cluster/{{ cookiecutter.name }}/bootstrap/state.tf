module "state_key" {
  source  = "terraform-aws-modules/kms/aws"
  version = "~> 4.2"

  description             = "Terraform's state of ${local.cluster}"
  aliases                 = ["${local.cluster}-tfstate"]
  deletion_window_in_days = 30
  enable_key_rotation     = true
}

module "state_bucket" {
  source  = "terraform-aws-modules/s3-bucket/aws"
  version = "~> 5.15"

  bucket = local.bucket

  # Public access is blocked, and a bucket with objects can't be deleted: both are the module's defaults.
  attach_deny_insecure_transport_policy = true
  attach_require_latest_tls_policy      = true

  versioning = {
    enabled = true
  }

  server_side_encryption_configuration = {
    rule = {
      apply_server_side_encryption_by_default = {
        sse_algorithm     = "aws:kms"
        kms_master_key_id = module.state_key.key_arn
      }
      bucket_key_enabled = true
    }
  }

  lifecycle_rule = [
    {
      id      = "old-states"
      enabled = true

      noncurrent_version_expiration = {
        days                      = 90
        newer_noncurrent_versions = 20
      }
    }
  ]
}
