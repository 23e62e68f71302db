"""From a complaint to a decision: `pipeline.STAGES` is the list of what happens, a module each."""
