"""Sources of skeletons: folders, git repositories, and the library of compiled skeletons."""
