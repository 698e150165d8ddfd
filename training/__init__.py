"""How the lite model is trained. Run ``python -m training.lite --help``."""
