"""What is believed beforehand: prior distributions, a model's table of them, where they hold."""
