"""A REST server for trying a model out and for small loads, with the paths and the JSON of TF Serving."""
