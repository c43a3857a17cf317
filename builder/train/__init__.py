"""Training: a generator of events. Nothing here draws, stores or knows a drawing."""
