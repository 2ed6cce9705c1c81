"""Actions that publish to code hosts."""
