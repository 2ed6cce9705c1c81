"""How this process reaches others: whose certificates it trusts, and through which proxy it goes."""
