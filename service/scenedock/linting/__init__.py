"""What is worth fixing in deployments: rules for values files and for rendered manifests, each proven, none a guess."""
