"""What the user holds: `Model`, `ModelFit`, the pooling ladder; saved, loaded, described."""
