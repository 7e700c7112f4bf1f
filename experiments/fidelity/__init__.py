"""How closely the world reproduces a real log."""
