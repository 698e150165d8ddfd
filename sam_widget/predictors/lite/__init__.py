"""The bundled model: a small network for CPUs."""
