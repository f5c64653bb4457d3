"""An atlas on disk: files, table, checkpoints. Reading trusts no file; writing is whole or not at all."""
