"""Git: commands, objects, clones, pushes, and repositories as folders or revisions."""
