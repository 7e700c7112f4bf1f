"""Whether what is claimed of policies still holds where the world, or what is worth what, is another."""
