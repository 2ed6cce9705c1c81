"""List and bake skeletons."""
