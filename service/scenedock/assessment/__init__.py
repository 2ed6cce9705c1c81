"""How ready an existing application is for containers: rules about the lines of its files, each claim with its line."""
