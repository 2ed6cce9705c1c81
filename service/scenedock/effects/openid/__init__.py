"""OpenID providers: what they publish, and the tokens with which they say who has signed in."""
