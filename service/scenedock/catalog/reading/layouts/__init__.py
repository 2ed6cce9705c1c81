"""The tools that deploy from a repository besides Helm itself: each is one module here that says what is deployed."""
