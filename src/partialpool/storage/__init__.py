"""Write DataFrames and labels as NetCDF groups and JSON, and restore them unchanged."""
