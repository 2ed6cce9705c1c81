"""The nouns that every room shares. Pure: no I/O, no libraries beyond the standard one."""
