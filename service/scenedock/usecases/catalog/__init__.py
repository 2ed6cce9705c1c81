"""Export, publish, check, compare and register catalog entities."""
