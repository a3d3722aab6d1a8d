"""The steps that answers are made of, one per file; `engine.pipelines` says in which order they run."""
