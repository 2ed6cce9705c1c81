terraform {
  required_version = ">= 1.11" # locks in the state's bucket

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.42"
    }
  }
}
