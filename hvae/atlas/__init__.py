"""An atlas on disk: its files, its table, its checkpoints; read without trust, written whole."""
