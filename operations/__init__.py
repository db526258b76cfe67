"""What people and programs ask of the installation: one verb per wish, for the API, the console and the CLI alike."""
