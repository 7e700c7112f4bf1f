"""The kernel against closed forms and against published simulations."""
