"""`Model`, `ModelFit` and the pooling ladder; `load` for saved fits; the text of `print(model)`."""
