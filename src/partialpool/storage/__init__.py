"""DataFrames and labels as NetCDF groups and JSON, and back as they were."""
