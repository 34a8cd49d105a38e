"""Where rooms meet: one module a job. A job never calls a job; no room knows which job it serves."""
