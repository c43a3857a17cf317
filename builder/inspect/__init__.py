"""What goes on inside a network: one sample's values at every brick, as small pictures."""
