"""A run -> text. One module per output; each reads the values of :mod:`dq_engine.model` and nothing else."""
