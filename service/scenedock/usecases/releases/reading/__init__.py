"""What says the version of a service: files and manifests, read with the lines of what they set."""
