"""The engines: what runs the equations of a step."""
