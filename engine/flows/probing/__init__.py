"""The parts of `probe`: what is asked of an account, and the few tasks that answer it. Never used by a run."""
