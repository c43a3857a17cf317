"""What is said of a drawing: rules on its bricks, and the fixes that mend what they find."""
