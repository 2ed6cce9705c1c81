"""Where skeletons are read from: folders, git repositories, and the library of compiled ones."""
